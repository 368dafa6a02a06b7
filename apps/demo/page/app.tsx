import { useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import type { Fault } from './lab/faults'
import { momentOf, shownAttempt } from './model/derive'
import { createPlayer, type SessionInfo } from './model/player'
import { createTimeline } from './model/timeline'
import { AttemptPanel } from './parts/attempt'
import { Course } from './parts/course'
import { Delivery } from './parts/delivery'
import { Events, LoggedEvent } from './parts/events'
import { Header } from './parts/header'
import { JsonTree } from './parts/json-tree'
import { MeasuresPanel } from './parts/measures'
import { Messages } from './parts/messages'
import { PlayerBar } from './parts/player-bar'
import { saveFile } from './save-file'
import { useAddress } from './use-address'
import { useDrop } from './use-drop'
import { useKeyboard } from './use-keyboard'
import { useLab } from './use-lab'
import { usePlaying } from './use-playing'
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
  useAddress(player, view, sessions)
  useDrop(sessions.open)
  useKeyboard(player)
  usePlaying(player, view.playing)

  const { timeline, at, length, session } = view
  const moment = useMemo(() => momentOf({ timeline, at }), [timeline, at])
  const shown = shownAttempt(moment, view)
  const selectStep = useCallback((slug: string) => player.select({ slug }), [player])
  /** Byte for byte as the recorder writes it. */
  const save = (): void => saveFile('telemetry.json', JSON.stringify(moment.snapshot))
  const rested = useRested(moment, CHARTS_MS)

  return (
    <div className="page">
      <Header session={session} sessions={sessions} theme={theme} switchTheme={switchTheme} />
      <Messages view={view} sessions={sessions} />
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
            <button type="button" disabled={at === 0} onClick={save}>
              Save
            </button>
          </div>
          <JsonTree value={moment.snapshot} changes={moment.changes} decode={decode} />
        </section>
        <section className="panel wide" aria-labelledby="delivery">
          <h2 id="delivery">Delivery</h2>
          <Delivery live={session.live} lab={lab} fault={fault} setFault={setFault} startOver={startOver} />
        </section>
        <section className="panel wide" aria-labelledby="measures">
          <h2 id="measures">Measures</h2>
          {length > 0 && <MeasuresPanel moment={rested} now={rested.event?.at ?? 0} theme={theme} />}
        </section>
      </main>
    </div>
  )
}
