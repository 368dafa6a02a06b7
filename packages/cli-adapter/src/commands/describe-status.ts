// `status` for a person.

import { describeDestination } from '../reading/destinations'
import { describeRedactions } from '../reading/redactions'
import type { CourseStatus } from '../reading/status'
import { isoTime } from '../shared/output'
import { kilobytes } from '../shared/sizes'

export function describeStatus(
  { recording, foreign_login, problems, telemetry_json, telemetries }: CourseStatus,
  now: number,
): string {
  const rows: [string, string][] = [
    ['recording', `${recording.enabled ? 'on' : 'off'}, ${recording.because}`],
    ['telemetry.json', `${telemetry_json.state}, ${size(telemetry_json.bytes)}: ${telemetry_json.path}`],
  ]
  if (foreign_login !== null) rows.push(['not sent', foreign_login])
  for (const problem of problems) rows.push(['learn.json', problem])
  for (const { telemetry_id, current, user_id, student, log, redacted, ...others } of telemetries) {
    const { refused, destinations } = others
    const who = user_id === null ? 'of nobody yet' : `of student ${user_id}`
    rows.push(
      ['', ''],
      [
        'telemetry',
        `${telemetry_id}${current ? ', the current one' : ''}, ${who}${student === null ? '' : ', logged in'}`,
      ],
      [
        'event log',
        log.unread === null
          ? `${size(log.bytes)}, ${log.events} events on ${log.lines} lines: ${log.path}`
          : `${size(log.bytes)}, not read: ${log.unread}`,
      ],
    )
    if (Object.keys(redacted).length > 0) rows.push(['redacted', describeRedactions(redacted)])
    for (const one of destinations) rows.push(['destination', describeDestination(one, now)])
    if (log.unfinished_bytes > 0) rows.push(['unfinished', `${log.unfinished_bytes} bytes at its end`])
    for (const { line, reason } of log.damaged) rows.push(['damaged', `line ${line}: ${reason}`])
    const more = log.damaged_lines - log.damaged.length
    if (more > 0) rows.push(['damaged', `${more} more lines`])
    for (const { reason, count, at } of refused) {
      rows.push(['not recorded', `${count} x ${reason} (last ${isoTime(at)})`])
    }
  }
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}`.trimEnd()).join('\n')
}

const size = (bytes: number): string => (bytes < 10_000 ? `${bytes} bytes` : kilobytes(bytes))
