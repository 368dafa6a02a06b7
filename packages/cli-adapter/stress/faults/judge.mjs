// What is wrong after a run: nothing that was acknowledged may be lost, counted twice, or be somebody else's.

import { ownersOf } from './owners.mjs'

/** What is counted, in the order of the table. */
export const CHECKS = ['lost', 'doubled', 'wrong owner', 'late', 'broken']

const MOST_TIMES = 2

const attemptsOf = (body) =>
  Array.isArray(body.steps) ? body.steps.flatMap(({ compilations = [] }) => compilations) : [body.data ?? {}]
const marksIn = (body) =>
  attemptsOf(body).flatMap(({ source_code }) =>
    typeof source_code === 'string' ? Buffer.from(source_code, 'base64').toString('utf8') : [],
  )

/**
 * @typedef {{ check: string, of: string, what: string }} Finding `of`: which event, by its mark or id, or which process
 * @param notes of all hosts @param logs as `readLogs` gives them @param requests as the receiver kept them
 * @returns {{ acknowledged: number, findings: Finding[] }}
 */
export function judge({ notes, logs, requests }) {
  const findings = []
  const found = (check, of, what) => findings.push({ check, of, what })
  const owners = ownersOf(notes)
  const purged = notes.findLastIndex(([what]) => what === 'purged')
  const counting = notes.slice(purged + 1)

  // ---- in the logs ----

  const idsOf = new Map()
  const events = new Map()
  for (const { events: ofLog } of logs)
    for (const event of ofLog) {
      events.set(event.id, event)
      const mark = event.type === 'compile' && event.data.source_code
      if (mark) idsOf.set(mark, (idsOf.get(mark) ?? new Set()).add(event.id))
    }
  const acknowledged = new Map(
    counting.filter(([what]) => what === 'recorded').map(([, id, type]) => [id, type]),
  )
  for (const [id, type] of acknowledged) if (!events.has(id)) found('lost', `${type} ${id}`, 'in no log')
  for (const [mark, ids] of idsOf)
    if (ids.size > 1) found('doubled', mark, `in the logs under ${ids.size} ids`)

  // Nothing grows without an event behind it (SPEC §7). A crash may leave a line that is written once more.
  for (const { repeated } of logs)
    if (repeated.times > MOST_TIMES) found('broken', repeated.id, `${repeated.times} times in a log`)

  // ---- at the receiver ----

  const streamed = new Map()
  /** The last batch of each telemetry: it replaces those before. */
  const batches = new Map()
  const receivers = new Map()
  for (const { path, id, status, body } of requests) {
    const marks = marksIn(body)
    for (const mark of marks)
      receivers.set(mark, (receivers.get(mark) ?? new Set()).add(String(body.user_id)))
    // An answer of 4xx is an answer: the event came, and is kept as a dead letter.
    if (status >= 500) continue
    if (path === '/batch' && status < 300) batches.set(body.telemetry_id, marks)
    if (path === '/stream')
      for (const mark of marks) streamed.set(mark, (streamed.get(mark) ?? new Set()).add(id))
  }
  for (const [mark, users] of receivers) {
    const strangers = [...users].filter((user) => !owners.get(mark)?.has(user))
    const whose = [...(owners.get(mark) ?? [])].join(' or ')
    if (strangers.length > 0) found('wrong owner', mark, `of ${whose}, sent as ${strangers.join(' and ')}`)
    else if (users.size > 1) found('wrong owner', mark, `sent as ${[...users].join(' and as ')}`)
  }
  for (const [mark, ids] of streamed)
    if (ids.size > 1) found('doubled', mark, `streamed under ${ids.size} ids`)

  const files = counting.filter(([what]) => what === 'file').map(([, , mark]) => mark)
  const compiled = [...acknowledged].filter(([, type]) => type === 'compile').map(([id]) => id)
  const marks = compiled.flatMap((id) => events.get(id)?.data.source_code ?? [])
  for (const mark of marks) if (!streamed.has(mark)) found('lost', mark, 'never streamed')
  const inBatches = [...batches.values()].flat()
  for (const mark of [...marks, ...files]) {
    const times = inBatches.filter((one) => one === mark).length
    if (times === 0) found('lost', mark, 'in no batch')
    if (times > 1) found('doubled', mark, `${times} times in the last batches`)
  }
  for (const [, step, stack] of notes.filter(([what]) => what === 'threw'))
    found('broken', step, `threw ${stack}`)
  return { acknowledged: acknowledged.size, findings }
}
