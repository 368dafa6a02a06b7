import type { View } from '../model/player'
import { countInWords } from '../model/words'
import type { Sessions } from '../use-sessions'

/** Odd lines that are listed. */
const LISTED = 20

/** What is being read, what could not be, and what is odd in what is shown. */
export function Messages({ view: { session, timeline }, sessions }: { view: View; sessions: Sessions }) {
  const { busy, problem } = sessions
  const { messages } = timeline
  return (
    <>
      {busy !== undefined && (
        <section className="messages" aria-label="Reading">
          <p>{busy}</p>
        </section>
      )}
      <div role="status" className="messages">
        {problem !== undefined && <p className="problem">{problem}</p>}
        {messages.length > 0 && (
          <details>
            <summary>
              {countInWords(messages.length, 'odd line')} in {session.name}
            </summary>
            <ul>
              {messages.slice(0, LISTED).map((message, index) => (
                <li key={index}>{message}</li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </>
  )
}
