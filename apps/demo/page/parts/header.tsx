import type { SessionInfo } from '../model/player'
import { KEYS } from '../use-keyboard'
import type { Sessions } from '../use-sessions'

interface Props {
  readonly session: SessionInfo
  readonly sessions: Sessions
  readonly theme: string
  switchTheme(): void
}

/** What the page shows, and what else it could. */
export function Header({ session, sessions, theme, switchTheme }: Props) {
  const { entries, condition, show, open } = sessions
  const choose = (id: string): void => {
    const entry = entries.find((one) => one.id === id)
    if (entry !== undefined) void show(entry)
  }
  return (
    <header>
      <h1>
        LearnPack <span>Telemetry</span>
      </h1>
      <label>
        <span className="hidden">Session</span>
        <select value={session.id} onChange={({ target }) => choose(target.value)}>
          {entries.every(({ id }) => id !== session.id) && (
            <option value={session.id}>{session.name || 'no session'}</option>
          )}
          {entries.map(({ id, name }) => (
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
            if (file) void open(file)
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
      {session.live && <span className="live">live: {condition}</span>}
    </header>
  )
}
