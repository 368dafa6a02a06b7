/**
 * `@learnpack/telemetry-core/testing`: the conformance suite, what every transport and every event log must do, ours and
 * anybody's. It knows no test runner; each case is a name and a function that rejects when the promise is broken:
 *
 * ```ts
 * for (const { name, run } of transportConformance(create)) test(name, run)
 * ```
 * @module
 */

import type { StepEvent } from './events/events'
import type { EventLog, LogLine } from './ports'
import type { Outcome, Parcel, Transport } from './delivery/transport'

/** One promise, to be handed to whatever test runner there is. */
export interface ConformanceCase {
  /** The promise, in words. */
  readonly name: string
  /** Tries it on something fresh. Rejects with an Error that says what was expected and what came. */
  run(): Promise<void>
}

/** What a destination got: as it tells itself, not as the transport does. */
export interface Received {
  readonly id: string
  readonly body: string
}

/** A transport, and a way to ask its destination what it got. */
export interface TransportUnderTest {
  readonly transport: Transport
  /** Everything the destination got so far, in the order in which it got it. */
  received(): Promise<readonly Received[]>
  /** Takes down what was made for this case, whether or not the case held. */
  dispose?(): Promise<void>
}

/**
 * Every promise of a transport, as cases that may run in any order. How it answers for a destination that fails is its own.
 * @param create makes a fresh transport to a fresh, working destination; called once a case
 */
export function transportConformance(create: () => Promise<TransportUnderTest>): ConformanceCase[] {
  const never = new AbortController().signal

  async function deliver(transport: Transport, parcel: Parcel): Promise<void> {
    const outcome = await transport.deliver(parcel, never)
    equal(kindOf(outcome), 'delivered', `the outcome of parcel ${parcel.id}`)
  }

  const cases: Record<string, (test: TransportUnderTest) => Promise<void>> = {
    async 'names itself, and what it wants'({ transport }) {
      check(/^[\x21-\x7e][\x20-\x7e]*$/.test(transport.name), 'name: expected printable text')
      check(['events', 'snapshots'].includes(transport.wants), 'wants: expected "events" or "snapshots"')
      check(['undefined', 'string'].includes(typeof transport.address), 'address: expected text, or none')
    },

    async 'delivers every parcel, in order'({ transport, received }) {
      const parcels = Array.from({ length: 20 }, (_, n) => parcelFor(transport, n))
      for (const parcel of parcels) await deliver(transport, parcel)
      equal(idsOf(await received()), idsOf(parcels), 'the ids received')
    },

    async 'delivers bodies as they are, whatever is in them'({ transport, received }) {
      const texts = [
        'ñandú — 日本 🎉',
        'a\r\nb\n\tc',
        '"quoted", \'so\'; and = | \\ % {}',
        '\u0000\u001b[31m',
        '\u2028',
      ]
      const parcels = texts.map((text, n) => parcelFor(transport, n, text))
      for (const parcel of parcels) await deliver(transport, parcel)
      equal(bodiesOf(await received()), bodiesOf(parcels), 'the bodies received')
    },

    async 'delivers a body of a megabyte'({ transport, received }) {
      const parcel = parcelFor(transport, 0, 'ñ'.repeat(512 * 1024))
      await deliver(transport, parcel)
      const [got] = await received()
      check(
        got?.body === parcel.body,
        `a body of ${parcel.body.length} characters came as ${got?.body.length ?? 0}`,
      )
    },

    async 'takes a parcel again, with the same id and body'({ transport, received }) {
      const parcel = parcelFor(transport, 0)
      for (let time = 0; time < 3; time++) await deliver(transport, parcel)
      const got = await received()
      check(got.length >= 1, 'nothing was received')
      for (const one of got) equal([one.id, one.body], [parcel.id, parcel.body], 'what was received')
    },

    async 'leaves the parcel as it was'({ transport }) {
      const parcel = parcelFor(transport, 0)
      const before = JSON.stringify(parcel)
      await deliver(transport, Object.freeze({ ...parcel }))
      equal(JSON.stringify(parcel), before, 'the parcel')
    },

    async 'settles when it is aborted before it begins, and says delivered only of what was'({
      transport,
      received,
    }) {
      const abort = new AbortController()
      abort.abort()
      const parcel = parcelFor(transport, 0)
      const outcome = await transport.deliver(parcel, abort.signal).catch(() => undefined)
      if (outcome === undefined || kindOf(outcome) !== 'delivered') return
      equal(idsOf(await received()), [parcel.id], 'what was said to be delivered')
    },

    async 'settles when it is aborted under way'({ transport }) {
      const abort = new AbortController()
      const attempt = transport.deliver(parcelFor(transport, 0), abort.signal).catch(() => undefined)
      abort.abort()
      const outcome = await attempt
      if (outcome !== undefined) kindOf(outcome)
    },

    async 'can be closed, twice'({ transport }) {
      await deliver(transport, parcelFor(transport, 0))
      await transport.close?.()
      await transport.close?.()
    },
  }

  return Object.entries(cases).map(([name, run]) => ({
    name,
    async run() {
      const test = await create()
      try {
        await run(test)
      } finally {
        await test.dispose?.()
      }
    },
  }))
}

function parcelFor({ wants }: Transport, n: number, text = `text ${n}`): Parcel {
  const at = 1_700_000_000_000 + n
  const id = `018bcfe5-6800-7000-8000-${String(n).padStart(12, '0')}`
  const shared = { id, at, contentType: 'application/json' as const }
  if (wants === 'snapshots') {
    return { ...shared, kind: 'snapshot', body: JSON.stringify({ telemetry_id: 'abc', steps: [], text }) }
  }
  const step = { slug: `0${n}-step`, position: n }
  const event: StepEvent = { v: 1, id, at, session: 's', type: 'compile', step, data: { stdout: text } }
  const { slug, position: step_position } = step
  const body = JSON.stringify({
    slug,
    telemetry_id: 'abc',
    step_position,
    event: 'compile',
    data: { stdout: text },
  })
  return { ...shared, kind: 'event', body, event }
}

/** @throws where it is none of the outcomes */
function kindOf(outcome: Outcome): Outcome['kind'] {
  const { kind } = outcome
  check(
    ['delivered', 'retry', 'pause', 'reject'].includes(kind),
    `outcome: unknown kind ${JSON.stringify(kind)}`,
  )
  if (outcome.kind !== 'delivered')
    check(typeof outcome.reason === 'string', `outcome ${kind}: expected a reason`)
  if (outcome.kind === 'retry' && outcome.after !== undefined) {
    check(Number.isFinite(outcome.after), 'outcome retry: expected after to be a number of ms')
  }
  return kind
}

/**
 * Every promise of an event log, as cases that may run in any order. What it survives is its own.
 * @param create makes a fresh, empty log; called once a case
 */
export function logConformance(create: () => Promise<EventLog> | EventLog): ConformanceCase[] {
  /** Reads to the end, in slices of about `maxBytes`. */
  function readAll(log: EventLog, from: number, maxBytes: number): { lines: LogLine[]; next: number } {
    const lines: LogLine[] = []
    for (let next = from; ;) {
      const slice = log.read(next, maxBytes)
      equal(slice.from, next, 'from')
      check(slice.atEnd || slice.next > next, 'a read that is not at the end must move on')
      lines.push(...slice.lines)
      next = slice.next
      if (slice.atEnd) return { lines, next }
    }
  }
  const textsOf = (lines: readonly LogLine[]): string[] => lines.map(({ text }) => text)
  const texts = ['{"n":1}', '', 'ñandú 🎉', '\u2028 "quoted" \\n', 'x'.repeat(100_000), 'last']

  const cases: Record<string, (log: EventLog) => void> = {
    'is empty at first'(log) {
      equal(log.read(0, 100), { from: 0, lines: [], next: 0, atEnd: true }, 'an empty log')
      equal(log.size(), 0, 'its size')
    },

    'gives back every line, in order, in slices of any size'(log) {
      for (const text of texts) log.append(text)
      for (const maxBytes of [1, 7, 1_000, 1_000_000]) {
        const { lines, next } = readAll(log, 0, maxBytes)
        equal(textsOf(lines), texts, `the lines in slices of ${maxBytes}`)
        equal(next, log.size(), 'where the last read ended')
      }
    },

    'is read on from where a line began or ended'(log) {
      for (const text of texts) log.append(text)
      const { lines } = readAll(log, 0, 1_000)
      lines.forEach(({ offset, next }, index) => {
        equal(textsOf(readAll(log, offset, 1_000).lines), texts.slice(index), `from line ${index}`)
        equal(textsOf(readAll(log, next, 1_000).lines), texts.slice(index + 1), `from behind line ${index}`)
      })
    },

    'shows a line at once, to a reader at the end'(log) {
      let at = 0
      for (const text of texts) {
        log.append(text)
        const { lines, next } = readAll(log, at, 1_000)
        equal(textsOf(lines), [text], 'what was appended')
        at = next
      }
    },
  }
  return Object.entries(cases).map(([name, run]) => ({ name, run: async () => run(await create()) }))
}

const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id)
const bodiesOf = (items: readonly { body: string }[]): string[] => items.map(({ body }) => body)

function equal(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value))
  if (a !== b) throw new Error(`${what}: expected ${brief(b)}, got ${brief(a)}`)
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}

const brief = (text = 'undefined'): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
