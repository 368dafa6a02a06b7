// What a person reads of the runs.

import { CHECKS } from './judge.mjs'

/** @param rows of each kind, by its name */
export function describeTable(rows) {
  const total = { runs: 0, acknowledged: 0, written: 0, recorded: 0 }
  for (const check of CHECKS) total[check] = 0
  for (const row of rows.values()) for (const name of Object.keys(total)) total[name] += row[name]
  const lines = [...rows, ['total', total]].map(([kind, row]) => [
    kind,
    row.runs,
    row.acknowledged,
    ...CHECKS.map((check) => row[check]),
    row.recorded === 0 ? '-' : (row.written / row.recorded).toFixed(2),
  ])
  const all = [['kind', 'runs', 'acknowledged', ...CHECKS, 'bytes written per byte recorded'], ...lines]
  const widths = all[0].map((_, column) => Math.max(...all.map((cells) => String(cells[column]).length)))
  const text = all.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : String(cell).padStart(widths[column])))
      .join('  '),
  )
  return `${text.join('\n')}\n`
}

/** What is wrong, each kind of it on a line. */
export function describeFindings(findings) {
  const lines = new Map()
  for (const { check, of, what } of findings) {
    const key = `${what} (${check})`
    lines.set(key, [...(lines.get(key) ?? []), of])
  }
  return [...lines].map(([key, of]) => `  ${of.join(', ')}: ${key}\n`).join('')
}

/** All that happened in one run. */
export function describeRun({ calls, notes, logs, requests, folder }) {
  const short = (path) => path.slice(folder.length)
  return [
    '-- calls of the faulty process --',
    ...calls.map(
      ({ op, path, bytes, fault }) =>
        `${op} ${short(path)}${bytes ? ` ${bytes}` : ''}${fault ? `   <-- ${JSON.stringify(fault)}` : ''}`,
    ),
    '-- what the hosts did --',
    ...notes.map((words) => words.join(' ')),
    '-- logs --',
    ...logs.flatMap(({ telemetry, events }) => [
      telemetry,
      ...events.map(
        ({ id, session, type, data }) =>
          `  ${id} of ${session.slice(-4)} ${type} ${data.source_code ?? data.user_id ?? data.telemetry_id ?? ''}`,
      ),
    ]),
    '-- requests --',
    ...requests.map(
      ({ path, id, status, body }) => `${path} ${id} ${status} user ${body.user_id} of ${body.telemetry_id}`,
    ),
    '',
  ].join('\n')
}
