import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { snapshotJson } from '@learnpack/telemetry-core'
import type { Fault } from './lab/faults'
import { momentOf, shownAttempt } from './model/derive'
import { createPlayer, type Player, type SessionInfo } from './model/player'
import { createTimeline } from './model/timeline'
import { countInWords } from './model/words'
import { AttemptPanel } from './parts/attempt'
import { Course } from './parts/course'
import { DeliveryPanel } from './parts/delivery'
import { Events, LoggedEvent } from './parts/events'
import { JsonTree } from './parts/json-tree'
import { MeasuresPanel } from './parts/measures'
import { PlayerBar } from './parts/player-bar'
import { KEYS, useKeyboard } from './use-keyboard'
import { useLab } from './use-lab'
import { useRested } from './use-rested'
import { useSessions } from './use-sessions'
import { useTheme } from './use-theme'

const CHARTS_MS = 200

const NOTHING: SessionInfo = { id: '', name: '', offline: [], live: false }

export function App() {
  const [player] = useState(() => createPlayer(NOTHING, createTimeline()))
  const view = useSyncExternalStore(player.subscribe, player.get)
  const { theme, switchTheme } = useTheme()
  const sessions = useSessions(player)
  const [fault, setFault] = useState<Fault>('none')
  const [decode, setDecode] = useState(true)
  const { shown: lab, startOver } = useLab(view, fault)
  useKeyboard(player)
  usePlaying(player, view.playing)

  const { timeline, at, length, session } = view
  const moment = useMemo(() => momentOf({ timeline, at }), [timeline, at])
  const shown = shownAttempt(moment, view)
  const selectStep = useCallback((slug: string) => player.select({ slug }), [player])
  const rested = useRested(moment, CHARTS_MS)

  return (
    <div className="page">
      <header>
        <h1>
          LearnPack <span>Telemetry</span>
        </h1>
        <label>
          <span className="hidden">Session</span>
          <select value={session.id} onChange={({ target }) => void sessions.choose(target.value)}>
            {sessions.entries.every(({ id }) => id !== session.id) && (
              <option value={session.id}>{session.name || 'no session'}</option>
            )}
            {sessions.entries.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label className="button">
          Open a file
          <input
            className="hidden"
            type="file"
            accept=".ndjson,.json,.jsonl"
            aria-label="Open an events.ndjson or a telemetry.json"
            onChange={({ target }) => {
              const file = target.files?.[0]
              target.value = ''
              if (file) void sessions.open(file)
            }}
          />
        </label>
        <button type="button" onClick={switchTheme}>
          {theme === 'dark' ? 'Light' : 'Dark'}
        </button>
        <details className="keys">
          <summary>Keys</summary>
          <dl>
            {KEYS.map(([keys, what]) => (
              <div key={keys}>
                <dt>{keys}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </details>
        {session.live && <span className="live">live: {sessions.condition}</span>}
      </header>

      {sessions.busy !== undefined && (
        <section className="messages" aria-label="Reading">
          <p>{sessions.busy}</p>
        </section>
      )}
      <div role="status" className="messages">
        {sessions.problem !== undefined && <p className="problem">{sessions.problem}</p>}
        {timeline.messages.length > 0 && (
          <details>
            <summary>
              {countInWords(timeline.messages.length, 'odd line')} in {session.name}
            </summary>
            <ul>
              {timeline.messages.slice(0, 20).map((message, index) => (
                <li key={index}>{message}</li>
              ))}
            </ul>
          </details>
        )}
      </div>

      <PlayerBar view={view} player={player} theme={theme} />

      <main>
        <section className="panel course" aria-labelledby="course">
          <h2 id="course">{moment.snapshot.slug ?? 'Course'}</h2>
          <Course
            steps={moment.snapshot.steps}
            measures={moment.measures.steps}
            open={moment.state.open}
            shown={shown?.step.slug}
            select={selectStep}
          />
        </section>
        <section className="panel happened" aria-labelledby="happened">
          <h2 id="happened">What happened</h2>
          <Events view={view} seek={player.seek} />
          <LoggedEvent view={view} />
        </section>
        <section className="panel attempt" aria-labelledby="attempt">
          <h2 id="attempt">Attempt</h2>
          <AttemptPanel shown={shown} select={player.select} />
        </section>
        <section className="panel json" aria-labelledby="json">
          <h2 id="json">telemetry.json</h2>
          <div className="actions">
            <label>
              <input type="checkbox" checked={decode} onChange={({ target }) => setDecode(target.checked)} />{' '}
              base64 as text
            </label>
            <button type="button" disabled={at === 0} onClick={() => save(snapshotJson(moment.state))}>
              Save
            </button>
          </div>
          <JsonTree value={moment.snapshot} changes={moment.changes} decode={decode} />
        </section>
        <section className="panel wide" aria-labelledby="delivery">
          <h2 id="delivery">Delivery</h2>
          {session.live ? (
            <p className="empty">
              A running course delivers by itself: `learnpack-telemetry status` tells of it.
            </p>
          ) : typeof lab === 'string' ? (
            <p className="problem">The receiver cannot be simulated in this browser window: {lab}</p>
          ) : lab === undefined ? (
            <p className="empty">Starting the receiver ...</p>
          ) : (
            <DeliveryPanel
              status={lab.status}
              round={lab.receiver.round}
              made={lab.receiver.made}
              requests={lab.receiver.requests}
              counted={{ batch: lab.receiver.counted.batch.size, stream: lab.receiver.counted.stream.size }}
              fault={fault}
              offline={lab.receiver.fault === 'offline'}
              setFault={setFault}
              logIn={() => lab.lab.logIn()}
              resend={() => lab.lab.resend()}
              skipWait={() => lab.lab.skipWait()}
              startOver={startOver}
            />
          )}
        </section>
        <section className="panel wide" aria-labelledby="measures">
          <h2 id="measures">Measures</h2>
          {length > 0 && <MeasuresPanel moment={rested} now={rested.event?.at ?? 0} theme={theme} />}
        </section>
      </main>
    </div>
  )
}

/** Runs the replay while it plays. */
function usePlaying(player: Player, playing: boolean): void {
  useEffect(() => {
    if (!playing) return
    let last = performance.now()
    let frame = requestAnimationFrame(function next(now) {
      player.tick(now - last)
      last = now
      frame = requestAnimationFrame(next)
    })
    return () => cancelAnimationFrame(frame)
  }, [player, playing])
}

/** telemetry.json at the moment shown, byte for byte as the recorder writes it. */
function save(pieces: Iterable<string>): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([...pieces], { type: 'application/json' }))
  link.download = 'telemetry.json'
  link.click()
  URL.revokeObjectURL(link.href)
}
