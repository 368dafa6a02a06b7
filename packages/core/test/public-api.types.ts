// The types that hosts and writers of transports build on. Not run: `tsc` checks it, and fails for a mistake below
// that is none any more.

import { expectTypeOf } from 'vitest'
import { createTelemetry, evolve, isStepEvent } from '../src/index'
import { parseEvent } from '../src/events/events'
import type {
  EventParcel,
  Outcome,
  Parcel,
  Recorded,
  SnapshotParcel,
  State,
  StepEvent,
  StudentId,
  Telemetry,
  TelemetryEvent,
  TelemetryEvents,
  TelemetryOptions,
  Transport,
} from '../src/index'
import type { EventOf, EventType, KnownEvent, StepEventType, UnknownEvent } from '../src/events/events'

// ---- a transport ----

const smallest = { name: 'mine', wants: 'events', deliver: async () => ({ kind: 'delivered' }) as const }
expectTypeOf({ ...smallest, wants: 'events' as const }).toExtend<Transport>()
expectTypeOf<Transport['wants']>().toEqualTypeOf<'events' | 'snapshots'>()
expectTypeOf<Transport['deliver']>().parameters.toEqualTypeOf<[Parcel, AbortSignal]>()
expectTypeOf<Transport['deliver']>().returns.toEqualTypeOf<Promise<Outcome>>()
expectTypeOf<Transport['close']>().toEqualTypeOf<(() => Promise<void>) | undefined>()

// @ts-expect-error it must say what it wants
export const wantsNothing: Transport = { name: 'mine', deliver: smallest.deliver }
export const answersAtOnce: Transport = {
  name: 'mine',
  wants: 'events',
  // @ts-expect-error an attempt takes time
  deliver: () => ({ kind: 'delivered' }),
}
export const answersNonsense: Transport = {
  name: 'mine',
  wants: 'events',
  // @ts-expect-error no such outcome
  deliver: async () => ({ kind: 'sent' }),
}

export function ofParcel(parcel: Parcel, event: EventParcel, snapshot: SnapshotParcel): void {
  if (parcel.kind === 'event') expectTypeOf(parcel).toEqualTypeOf(event)
  else expectTypeOf(parcel).toEqualTypeOf(snapshot)
  expectTypeOf(event.event).toEqualTypeOf<StepEvent>()
  // @ts-expect-error a snapshot is of no single event
  void snapshot.event
  // @ts-expect-error the same id always means the same bytes
  parcel.body = ''
}

// ---- what it answers ----

expectTypeOf<Outcome['kind']>().toEqualTypeOf<'delivered' | 'retry' | 'pause' | 'reject'>()
expectTypeOf<Extract<Outcome, { kind: 'retry' }>['after']>().toEqualTypeOf<number | undefined>()
expectTypeOf<{ kind: 'delivered' }>().toExtend<Outcome>()
expectTypeOf<{ kind: 'retry'; reason: string }>().toExtend<Outcome>()
expectTypeOf<{ kind: 'pause' }>().not.toExtend<Outcome>()
expectTypeOf<{ kind: 'reject' }>().not.toExtend<Outcome>()
// @ts-expect-error only a retry waits
export const pauseAfter: Outcome = { kind: 'pause', reason: 'busy', after: 5 }

/** Every kind is told: a fifth one would not compile here, nor in anybody's switch. */
export function kindOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'delivered':
      return ''
    case 'retry':
    case 'pause':
    case 'reject':
      return outcome.reason
  }
}

// ---- events ----

expectTypeOf<StepEventType>().toEqualTypeOf<
  'open_step' | 'compile' | 'test' | 'ai_interaction' | 'quiz_submission'
>()
expectTypeOf<Exclude<EventType, StepEventType>>().toEqualTypeOf<
  | 'session_start'
  | 'session_end'
  | 'session_moved'
  | 'patch'
  | 'student_identified'
  | 'student_cleared'
  | 'patch'
  | 'import'
>()
expectTypeOf<EventOf<'compile'>['type']>().toEqualTypeOf<'compile'>()
expectTypeOf<EventOf<'compile'>['step']['position']>().toEqualTypeOf<number>()
expectTypeOf<EventOf<'compile'>['data']>().toEqualTypeOf<Record<string, unknown>>()
expectTypeOf<EventOf<'session_end'>['data']['reason']>().toEqualTypeOf<string>()
expectTypeOf<EventOf<'student_identified'>['data']['user_id']>().toEqualTypeOf<StudentId>()
expectTypeOf<StudentId>().toEqualTypeOf<string | number>()
expectTypeOf<KnownEvent['type']>().toEqualTypeOf<EventType>()
expectTypeOf<TelemetryEvent>().toEqualTypeOf<KnownEvent | UnknownEvent>()
expectTypeOf(evolve).toEqualTypeOf<(state: State, event: TelemetryEvent) => State>()
// @ts-expect-error no such event
export type NoSuchEvent = EventOf<'badge_earned'>

export function ofEvent(event: TelemetryEvent, known: KnownEvent): void {
  if (isStepEvent(event)) expectTypeOf(event).toExtend<StepEvent>()
  if (known.type === 'session_start') expectTypeOf(known.data.telemetry_id).toEqualTypeOf<string>()
  const parsed = parseEvent(event)
  if (parsed.ok) expectTypeOf(parsed.event).toEqualTypeOf<TelemetryEvent>()
  else expectTypeOf(parsed.reason).toEqualTypeOf<string>()
}

// ---- the runtime ----

expectTypeOf(createTelemetry).toEqualTypeOf<(options: TelemetryOptions) => Telemetry>()
expectTypeOf<Telemetry['record']>().parameters.toEqualTypeOf<[unknown, unknown, unknown?]>()
expectTypeOf<'start' | 'record' | 'identify' | 'clear' | 'import' | 'append' | 'end'>().toEqualTypeOf<
  { [K in keyof Telemetry]: Telemetry[K] extends (...args: never[]) => Recorded ? K : never }[keyof Telemetry]
>()

export function ofRecorded(recorded: Recorded): void {
  // @ts-expect-error a refused call has no id: ask whether it was recorded
  void recorded.id
  if (recorded.ok) expectTypeOf(recorded).toEqualTypeOf<{ readonly ok: true; readonly id: string }>()
  else expectTypeOf(recorded).toEqualTypeOf<{ readonly ok: false; readonly reason: string }>()
}

// ---- what it says ----

type Said = keyof TelemetryEvents
expectTypeOf<Said>().toEqualTypeOf<
  | 'recorded'
  | 'refused'
  | 'noticed'
  | 'snapshot'
  | 'delivered'
  | 'retrying'
  | 'paused'
  | 'deadLettered'
  | 'rejected'
  | 'fault'
>()

export function listening(telemetry: Telemetry): void {
  telemetry.on('recorded', (event) => {
    expectTypeOf(event).toEqualTypeOf<
      Readonly<{ id: string; at: number; type: string; step: string | undefined }>
    >()
  })
  telemetry.on('snapshot', (state) => expectTypeOf(state).toEqualTypeOf<State>())
  telemetry.on('retrying', (...told) => {
    expectTypeOf(told).toEqualTypeOf<[destination: string, parcel: Parcel, reason: string, at: number]>()
  })
  telemetry.once('delivered', (...told) => {
    expectTypeOf(told).toEqualTypeOf<[destination: string, parcel: Parcel]>()
  })
  for (const said of ['paused', 'deadLettered', 'rejected'] as const) {
    telemetry.off(said, (...told: [string, Parcel, string]) => void told)
  }
  telemetry.on('fault', (...told) => {
    expectTypeOf(told).toEqualTypeOf<[what: string, error: unknown]>()
  })
  // @ts-expect-error it says no such thing
  telemetry.on('sent', () => {})
  // @ts-expect-error of what was refused there is the reason alone
  telemetry.on('refused', (reason: number) => void reason)
}
