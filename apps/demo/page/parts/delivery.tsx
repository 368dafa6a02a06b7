import { useEffect, useReducer } from 'react'
import type { Destination } from '../lab/lab'
import { FAULTS, type Fault } from '../lab/faults'
import { countInWords, spanInWords } from '../model/words'
import type { LabView } from '../use-lab'
import { Requests } from './requests'

interface Choices {
  readonly fault: Fault
  setFault(fault: Fault): void
  startOver(): void
}

interface Props extends Choices {
  /** The session is of a running course. */
  readonly live: boolean
  /** undefined until it runs, or why it cannot. */
  readonly lab: LabView | string | undefined
}

/** What is delivered of the session, or why nothing is. */
export function Delivery({ live, lab, ...choices }: Props) {
  if (live)
    return (
      <p className="empty">A running course delivers by itself: `learnpack-telemetry status` tells of it.</p>
    )
  if (typeof lab === 'string')
    return <p className="problem">The receiver cannot be simulated in this browser window: {lab}</p>
  if (lab === undefined) return <p className="empty">Starting the receiver ...</p>
  return <DeliveryPanel {...lab} {...choices} />
}

function DeliveryPanel({ lab, receiver, status, fault, setFault, startOver }: LabView & Choices) {
  const { destinations, nextAttempt, student, invented, recorded } = status
  const { counted } = receiver
  // What is said of waits is a countdown.
  const [, tick] = useReducer((count: number) => count + 1, 0)
  const counts = nextAttempt !== undefined
  useEffect(() => {
    if (!counts) return
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [counts])
  const dead = destinations.some(({ state }) => (state.deadLettered ?? 0) > 0)
  const paused = destinations.some(({ state }) => state.paused !== undefined)

  return (
    <div className="delivery">
      <div>
        <fieldset className="faults">
          <legend>
            The receiver and the network{' '}
            {receiver.fault === 'offline' && fault === 'none' && '(the learner is offline)'}
          </legend>
          {Object.entries(FAULTS).map(([value, name]) => (
            <label key={value} className="choice">
              <input
                type="radio"
                name="fault"
                value={value}
                checked={fault === value}
                onChange={() => setFault(value as Fault)}
              />
              {name}
            </label>
          ))}
        </fieldset>
        <p className="hint">
          {countInWords(recorded, 'event')} recorded
          {student === undefined
            ? '; nothing is sent before a student logs in.'
            : `, sent as student ${student}${invented ? ', made up because this session knows of none' : ''}.`}{' '}
          The receiver counted {countInWords(counted.stream.size, 'event')} and{' '}
          {countInWords(counted.batch.size, 'batch', 'batches')}, each once.
        </p>
        <div className="destinations">
          {destinations.map((destination) => (
            <DestinationCard key={destination.name} {...destination} />
          ))}
        </div>
        <div className="actions">
          <button type="button" disabled={nextAttempt === undefined} onClick={() => lab.skipWait()}>
            {nextAttempt === undefined ? 'Skip the wait' : `Skip the wait of ${spanInWords(nextAttempt)}`}
          </button>
          <button type="button" disabled={!paused} onClick={() => lab.logIn()}>
            Log in again
          </button>
          <button type="button" disabled={!dead} onClick={() => lab.resend()}>
            Resend dead letters
          </button>
          <button type="button" onClick={startOver}>
            Start over
          </button>
        </div>
      </div>
      <Requests key={receiver.round} made={receiver.made} requests={receiver.requests} />
    </div>
  )
}

function DestinationCard(destination: Destination) {
  const { name, state, waiting } = destination
  const { tone, words } = conditionOf(destination)
  return (
    <section className="destination" data-destination={name} aria-label={`${name} destination`}>
      <h3>{name}</h3>
      <p className={`condition ${tone}`}>{words}</p>
      <dl>
        <div>
          <dt>delivered</dt>
          <dd data-count="delivered">{state.delivered ?? 0}</dd>
        </div>
        <div>
          <dt>waiting</dt>
          <dd data-count="waiting">{waiting}</dd>
        </div>
        <div>
          <dt>dead letters</dt>
          <dd data-count="dead">{state.deadLettered ?? 0}</dd>
        </div>
      </dl>
    </section>
  )
}

function conditionOf({ state, waiting }: Destination): {
  tone: 'good' | 'pending' | 'bad' | 'empty'
  words: string
} {
  const { delivered = 0, deadLettered = 0, attempts = 0, paused, lastError } = state
  if (paused !== undefined) return { tone: 'bad', words: `paused: ${paused.reason}` }
  if (attempts > 0) return { tone: 'pending', words: `retrying, ${attempts} failed: ${lastError ?? ''}` }
  if (waiting > 0) return { tone: 'pending', words: 'sending, or waiting for a login' }
  // What was refused does not wait: the cursor has moved over it.
  if (lastError !== undefined) return { tone: 'bad', words: `refused: ${lastError}` }
  if (deadLettered > 0) return { tone: 'bad', words: 'all delivered but the dead letters' }
  if (delivered === 0) return { tone: 'empty', words: 'nothing to deliver yet' }
  return { tone: 'good', words: 'all delivered' }
}
