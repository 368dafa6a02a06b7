import { useEffect, useMemo, useReducer, useState } from 'react'
import type { Destination, LabStatus } from '../lab/lab'
import { FAULTS, type Fault } from '../lab/faults'
import type { SeenRequest } from '../lab/receiver'
import { countInWords, spanInWords } from '../model/words'
import { Omitted } from './omitted'

export interface DeliveryProps {
  readonly status: LabStatus
  /** Counts how often the receiver began anew. */
  readonly round: number
  /** Requests so far, and the latest of them. */
  readonly made: number
  readonly requests: readonly SeenRequest[]
  readonly counted: { readonly batch: number; readonly stream: number }
  readonly fault: Fault
  /** The learner was offline at the moment shown, so the network is too. */
  readonly offline: boolean
  setFault(fault: Fault): void
  logIn(): void
  resend(): void
  skipWait(): void
  startOver(): void
}

export function DeliveryPanel(props: DeliveryProps) {
  const { status, round, made, requests, counted, fault, offline } = props
  const { destinations, nextAttempt, student, invented, recorded } = status
  // What is said of waits is a countdown.
  const [, tick] = useReducer((count: number) => count + 1, 0)
  const counts = nextAttempt !== undefined
  useEffect(() => {
    if (!counts) return
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [counts])
  const dead = destinations.some(({ state }) => state.deadLettered > 0)
  const paused = destinations.some(({ state }) => state.paused !== undefined)

  return (
    <div className="delivery">
      <div>
        <fieldset className="faults">
          <legend>
            The receiver and the network {offline && fault === 'none' && '(the learner is offline)'}
          </legend>
          {Object.entries(FAULTS).map(([value, name]) => (
            <label key={value} className="choice">
              <input
                type="radio"
                name="fault"
                value={value}
                checked={fault === value}
                onChange={() => props.setFault(value as Fault)}
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
          The receiver counted {countInWords(counted.stream, 'event')} and{' '}
          {countInWords(counted.batch, 'batch', 'batches')}, each once.
        </p>
        <div className="destinations">
          {destinations.map((destination) => (
            <DestinationCard key={destination.name} {...destination} />
          ))}
        </div>
        <div className="actions">
          <button type="button" disabled={nextAttempt === undefined} onClick={props.skipWait}>
            {nextAttempt === undefined ? 'Skip the wait' : `Skip the wait of ${spanInWords(nextAttempt)}`}
          </button>
          <button type="button" disabled={!paused} onClick={props.logIn}>
            Log in again
          </button>
          <button type="button" disabled={!dead} onClick={props.resend}>
            Resend dead letters
          </button>
          <button type="button" onClick={props.startOver}>
            Start over
          </button>
        </div>
      </div>
      <Requests key={round} made={made} requests={requests} />
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
          <dd data-count="delivered">{state.delivered}</dd>
        </div>
        <div>
          <dt>waiting</dt>
          <dd data-count="waiting">{waiting}</dd>
        </div>
        <div>
          <dt>dead letters</dt>
          <dd data-count="dead">{state.deadLettered}</dd>
        </div>
      </dl>
    </section>
  )
}

function conditionOf({ state, waiting }: Destination): { tone: 'good' | 'pending' | 'bad'; words: string } {
  const { deadLettered, attempts, paused, lastError } = state
  if (paused !== undefined) return { tone: 'bad', words: `paused: ${paused.reason}` }
  if (attempts > 0) return { tone: 'pending', words: `retrying, ${attempts} failed: ${lastError ?? ''}` }
  if (waiting > 0) return { tone: 'pending', words: 'sending, or waiting for a login' }
  // What was refused does not wait: the cursor has moved over it.
  if (lastError !== undefined) return { tone: 'bad', words: `refused: ${lastError}` }
  if (deadLettered > 0) return { tone: 'bad', words: 'all delivered but the dead letters' }
  return { tone: 'good', words: 'all delivered' }
}

/** Those of one round: numbers begin again in the next. */
function Requests({ made, requests }: Pick<DeliveryProps, 'made' | 'requests'>) {
  const [chosen, choose] = useState<number>()
  const request = requests.find(({ number }) => number === chosen)
  return (
    <div>
      <h3>{countInWords(made, 'request')}</h3>
      <div className="scrolls requests" tabIndex={0} role="region" aria-label="Requests" data-scrolls>
        <table>
          <thead>
            <tr>
              <th scope="col">request</th>
              <th scope="col">answer</th>
              <th scope="col">of</th>
            </tr>
          </thead>
          <tbody>
            {requests.toReversed().map((one) => (
              <tr key={one.number} className={one.number === chosen ? 'chosen' : undefined}>
                <td>
                  <button type="button" className="fold" onClick={() => choose(one.number)}>
                    {one.number} {one.kind}
                  </button>
                </td>
                <td className={one.answer === undefined ? 'pending' : one.ok ? 'good' : 'bad'}>
                  {one.answer ?? '…'}
                  {one.known && ' (known, dropped)'}
                </td>
                <td className="id">{one.id}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {request !== undefined && <RequestDetails {...request} />}
    </div>
  )
}

/** Characters of a body that are laid out. */
const BODY = 20_000

function RequestDetails({ method, url, headers, body }: SeenRequest) {
  const pretty = useMemo(() => JSON.stringify(JSON.parse(body), null, 2), [body])
  return (
    <pre className="code" tabIndex={0} role="region" aria-label="The request" data-scrolls>
      {`${method} ${url}\n`}
      {headers.map(([name, value]) => `${name}: ${value}\n`)}
      {`\n${pretty.slice(0, BODY)}`}
      <Omitted of={pretty} shown={BODY} />
    </pre>
  )
}
