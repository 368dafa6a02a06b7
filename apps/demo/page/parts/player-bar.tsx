import { useEffect, useRef, type CSSProperties } from 'react'
import { SPEEDS, type Speed } from '../model/playback'
import type { Player, View } from '../model/player'
import { eventInWords, spanInWords, toneOf, whenInWords } from '../model/words'
import { colour } from './chart'
import { Icon } from './icon'

export function PlayerBar({ view, player, theme }: { view: View; player: Player; theme: string }) {
  const { timeline, at, length, time, playing, speed } = view
  const first = timeline.when[0] ?? 0
  const duration = Math.max(1, (timeline.when[length - 1] ?? 0) - first)
  const event = timeline.events[at - 1]
  const place = { '--at': Math.min(1, Math.max(0, (time - first) / duration)) } as CSSProperties
  return (
    <section className="player" aria-label="Replay">
      <div className="buttons">
        <button
          type="button"
          aria-label="Back one event"
          disabled={at === 0}
          onClick={() => player.seek(at - 1)}
        >
          <Icon name="back" />
        </button>
        <button
          type="button"
          className="play"
          aria-label={playing ? 'Pause' : 'Play'}
          onClick={player.toggle}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <button
          type="button"
          aria-label="On one event"
          disabled={at === length}
          onClick={() => player.seek(at + 1)}
        >
          <Icon name="on" />
        </button>
        <label>
          <span className="hidden">Speed</span>
          <select value={speed} onChange={({ target }) => player.setSpeed(Number(target.value) as Speed)}>
            {SPEEDS.map((one) => (
              <option key={one} value={one}>
                {one.toLocaleString('en')}×
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="scrubber" style={place}>
        <Marks view={view} theme={theme} />
        <div className="head" aria-hidden="true" />
        <input
          type="range"
          aria-label="Position in the session"
          aria-valuetext={`event ${at} of ${length}${event === undefined ? '' : `, ${whenInWords(event.at)}, ${eventInWords(event)}`}`}
          min={0}
          max={duration}
          value={Math.max(0, time - first)}
          onChange={({ target }) => player.seekTime(first + Number(target.value))}
        />
      </div>
      <p className="now">
        <span className="count" data-testid="position">
          {at} / {length}
        </span>
        <span>{at === 0 ? 'before the first event' : whenInWords(time)}</span>
        <strong>{event === undefined ? '' : eventInWords(event)}</strong>
        <span className="span">{spanInWords(Math.max(0, time - first))} in</span>
      </p>
    </section>
  )
}

/** Where in real time each event is. Drawn once a session: only the head moves. */
function Marks({ view: { timeline, length, session }, theme }: { view: View; theme: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement
    const draw = (): void => {
      const { clientWidth: width, clientHeight: height } = element
      const ratio = devicePixelRatio
      element.width = width * ratio
      element.height = height * ratio
      const context = element.getContext('2d')
      if (context === null) return
      context.scale(ratio, ratio)
      const first = timeline.when[0] ?? 0
      const duration = Math.max(1, (timeline.when[length - 1] ?? 0) - first)
      const x = (at: number): number => ((at - first) / duration) * width
      context.fillStyle = colour('--offline')
      for (const [from, to] of session.offline)
        context.fillRect(x(from), 0, Math.max(1, x(to) - x(from)), height)
      const tones = new Map<string, string>()
      for (let index = 0; index < length; index++) {
        const event = timeline.events[index]
        if (event === undefined) break
        const tone = toneOf(event.type, event['data'])
        if (!tones.has(tone)) tones.set(tone, colour(`--tone-${tone}`))
        context.fillStyle = tones.get(tone) as string
        const tall = tone === 'session' ? height : height * 0.65
        context.fillRect(x(timeline.when[index] as number) - 0.75, height - tall, 1.5, tall)
      }
    }
    draw()
    const observer = new ResizeObserver(draw)
    observer.observe(element)
    return () => observer.disconnect()
  }, [timeline, length, session, theme])
  return <canvas ref={canvas} className="marks" aria-hidden="true" />
}
