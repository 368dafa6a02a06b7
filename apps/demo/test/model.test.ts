// What the page computes, without the page.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { evolve, initialState, parseSnapshot, snapshot } from '@learnpack/telemetry-core'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { skippingClock } from '../page/lab/clock'
import { formatAddress, parseAddress } from '../page/model/address'
import { attemptsOf, decoded, type SnapshotStep } from '../page/model/attempts'
import { changesBetween } from '../page/model/changes'
import { momentOf, shownAttempt } from '../page/model/derive'
import { firstPass, sessionDays } from '../page/model/distil'
import { advance, countAt } from '../page/model/playback'
import { createPlayer } from '../page/model/player'
import { readSession } from '../page/model/read-session'
import { createTimeline, type Timeline } from '../page/model/timeline'
import { spanInWords } from '../page/model/words'

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../data/${name}`, import.meta.url)), 'utf8')

async function timelineOf(name: string): Promise<Timeline> {
  const session = await readSession(name, read(name))
  if (!session.ok) throw new Error(session.reason)
  return session.timeline
}

describe('a timeline', () => {
  it('has at every moment the state that a fold from the beginning has, in whatever order it is asked', async () => {
    const timeline = await timelineOf('workshop.events.ndjson')
    expect(timeline.length).toBe(46)
    fc.assert(
      fc.property(fc.array(fc.nat(46), { minLength: 1 }), (counts) => {
        for (const count of counts)
          expect(timeline.stateAt(count)).toEqual(
            timeline.events.slice(0, count).reduce(evolve, initialState),
          )
      }),
      { numRuns: 50 },
    )
  })

  it('gives back each line as logged, and never goes back in time', () => {
    const timeline = createTimeline()
    const lines = read('workshop.events.ndjson').trimEnd().split('\n')
    // As two processes may write: a later line tells of an earlier moment.
    const shuffled = [...lines.slice(0, 5), lines[9] as string, lines[5] as string]
    for (const line of ['no event', ...shuffled]) timeline.append(line)
    timeline.follow()
    expect(timeline.messages).toEqual(['line 1: not JSON: "no event"'])
    expect(timeline.events.map((_, index) => timeline.lineOf(index))).toEqual(
      shuffled.map((text, index) => ({ number: index + 2, text })),
    )
    expect([...timeline.when]).toEqual([...timeline.when].sort((a, b) => a - b))
  })

  it('of a telemetry.json ends in that telemetry.json', async () => {
    const timeline = await timelineOf('sample.telemetry.json')
    const parsed = parseSnapshot(read('sample.telemetry.json'))
    expect(snapshot(timeline.stateAt(timeline.length))).toEqual(parsed.ok && parsed.snapshot)
  })
})

describe('reading a session', () => {
  it.each([
    ['', 'x: no event in it. Expected an events.ndjson or a telemetry.json.'],
    ['[]', 'x is no telemetry: '],
    ['null', 'x is no telemetry: '],
    ['{"telemetry_id":"a"}', 'x is no telemetry: steps'],
    ['\u0000\u0001', 'x: no event in it; line 1: not JSON'],
  ])('says what is wrong with %j', async (text, reason) => {
    const session = await readSession('x', text)
    expect(session.ok ? '' : session.reason).toContain(reason)
  })

  it('takes a log of one line, and one behind a byte order mark', async () => {
    const [line] = read('workshop.events.ndjson').split('\n')
    expect(await readSession('x', line as string)).toMatchObject({ ok: true })
    expect(await readSession('x', `\uFEFF${read('sample.telemetry.json')}`)).toMatchObject({ ok: true })
  })
})

describe('playback', () => {
  it('passes at its speed, and idle time at most a second of the viewer’s', () => {
    expect(advance(1_000, 16, 60, 5_000)).toBe(1_960)
    expect(advance(1_000, 16, 60, 1_000_000)).toBe(940_000)
    expect(advance(1_000, 16, 1, 3_600_000)).toBe(3_599_000)
  })

  it('counts what has happened by a moment', () => {
    const when = [5, 7, 7, 9]
    expect([4, 5, 6, 7, 8, 9, 10].map((moment) => countAt(when, moment))).toEqual([0, 1, 1, 3, 3, 4, 4])
  })

  it('plays every event once, in order, to the end, at any speed', async () => {
    const timeline = await timelineOf('workshop.events.ndjson')
    for (const speed of [1, 300, 10_000] as const) {
      const player = createPlayer({ id: '', name: '', offline: [], live: false }, timeline)
      player.load(player.get().session, timeline)
      player.setSpeed(speed)
      player.toggle()
      const seen: number[] = []
      player.subscribe(() => seen.push(player.get().at))
      let frames = 0
      while (player.get().playing && frames++ < 100_000) player.tick(16)
      expect(player.get()).toMatchObject({ playing: false, at: 46 })
      expect(seen).toEqual([...seen].sort((a, b) => a - b))
      // 46 events, each at most a second and a frame after the one before.
      expect(frames).toBeLessThan(47 * (1_000 / 16 + 2))
      player.toggle()
      expect(player.get()).toMatchObject({ playing: true, at: 0 })
    }
  })

  it('neither goes back at its first frame nor runs on while nobody looks', async () => {
    const timeline = await timelineOf('workshop.events.ndjson')
    const player = createPlayer({ id: '', name: '', offline: [], live: false }, timeline)
    player.load(player.get().session, timeline, 10)
    player.toggle()
    player.tick(-16)
    expect(player.get().at).toBe(10)
    player.tick(3_600_000)
    expect(player.get().at).toBeLessThan(13)
    expect(player.get().playing).toBe(true)
  })

  it('stays at the end of a session that grows, and nowhere else', () => {
    const lines = read('workshop.events.ndjson').trimEnd().split('\n')
    const timeline = createTimeline()
    const player = createPlayer({ id: '', name: '', offline: [], live: true }, timeline)
    player.load(player.get().session, timeline)
    const grow = (to: number) => {
      for (const line of lines.splice(0, to - timeline.length)) timeline.append(line)
      timeline.follow()
      player.grew()
    }
    grow(3)
    expect(player.get().at).toBe(3)
    player.seek(1)
    grow(5)
    expect(player.get()).toMatchObject({ at: 1, length: 5 })
    player.seek(99)
    grow(6)
    expect(player.get().at).toBe(6)
  })
})

describe('what is shown of a moment', () => {
  it('the attempt the event is about, the latest before it, or the one that was chosen', async () => {
    const timeline = await timelineOf('workshop.events.ndjson')
    const player = createPlayer({ id: '', name: '', offline: [], live: false }, timeline)
    player.load(player.get().session, timeline, 44)
    const shown = () => {
      const view = player.get()
      const { step, attempts, index } = shownAttempt(momentOf(view), view) ?? {}
      return [step?.slug, attempts?.[index ?? -1]?.type, attempts?.[index ?? -1]?.index]
    }
    expect(shown()).toEqual(['07-dictionaries', 'test', 1])
    player.seek(46)
    expect(shown()).toEqual(['08-goodbye', undefined, undefined])
    player.select({ slug: '07-dictionaries', attempt: { type: 'ai_interaction', index: 0 } })
    expect(shown()).toEqual(['07-dictionaries', 'ai_interaction', 0])
    player.seek(2)
    expect(shown()).toEqual(['00-welcome', undefined, undefined])
  })

  it('every attempt is decoded, in the order they ended', async () => {
    const timeline = await timelineOf('workshop.events.ndjson')
    const { steps } = snapshot(timeline.stateAt(46))
    const attempts = attemptsOf(steps[7] as SnapshotStep)
    expect(attempts.map(({ type }) => type)).toEqual(['compile', 'ai_interaction', 'test', 'test'])
    expect(decoded(attempts[0] as (typeof attempts)[0])).toMatchObject({
      source_code: 'ages = {"Ada": 36, "Grace": 85}\nprint(ages["Alan"])\n',
    })
  })

  it('a field that is no base64 of a text stays as it is, and hides no other', () => {
    const wire = { source_code: 'never encoded', stdout: 'Mg==', stderr: '/w==', exit_code: 0 }
    const attempt = { type: 'compile', index: 0, startedAt: undefined, endedAt: undefined, wire } as const
    expect(decoded(attempt)).toEqual({ ...wire, stdout: '2' })
  })

  it('changes are told by their paths', () => {
    const same = { deep: [1] }
    const { changed, touched } = changesBetween(
      { same, a: 1, gone: 1, list: [same] },
      { same, a: 2, list: [same, { b: 1 }] },
    )
    expect([...changed].sort()).toEqual(['', '/a', '/list/1'])
    expect([...touched].sort()).toEqual(['', '/a', '/list', '/list/1'])
    expect(changesBetween(same, same).touched.size).toBe(0)
  })

  it('tests until the first pass', () => {
    const step = (...codes: unknown[]) =>
      ({
        tests: codes.map((exit_code, at) => ({ exit_code, ended_at: at })),
        compilations: [],
        ai_interactions: [],
      }) as unknown as SnapshotStep
    expect(firstPass(step())).toEqual({ tests: 0, passed: false })
    expect(firstPass(step(1, 1))).toEqual({ tests: 2, passed: false })
    expect(firstPass(step(1, 0, 1, 0))).toEqual({ tests: 2, passed: true })
  })

  it('a session over midnight is on both days, one with a clock set back on one', () => {
    const at = (day: number, hour: number) => new Date(2026, 4, day, hour).getTime()
    const spans = (started_at: number, ended_at?: number) =>
      sessionDays(
        { workout_session: [{ started_at, ...(ended_at !== undefined && { ended_at }) }] } as Parameters<
          typeof sessionDays
        >[0],
        at(1, 12),
      )
    expect(spans(at(1, 22), at(2, 1))).toEqual([
      { day: '2026-05-01', from: 22, to: 24 },
      { day: '2026-05-02', from: 0, to: 1 },
    ])
    expect(spans(at(1, 10))).toEqual([{ day: '2026-05-01', from: 10, to: 12 }])
    expect(spans(at(1, 10), at(1, 9))).toEqual([{ day: '2026-05-01', from: 10, to: 10 }])
    expect(spans(0, 8.64e15)).toHaveLength(14)
  })
})

describe('the clock of the engine in the page', () => {
  it('is real time until somebody skips a wait, and runs what falls due in order', () => {
    vi.useFakeTimers()
    try {
      const clock = skippingClock()
      const from = clock.now()
      const ran: string[] = []
      clock.after(60_000, () => ran.push('minute'))
      clock.after(1_000, () => ran.push('second'))
      const cancel = clock.after(2_000, () => ran.push('cancelled'))
      cancel()
      vi.advanceTimersByTime(1_000)
      expect(ran).toEqual(['second'])
      clock.skip(59_000)
      vi.advanceTimersByTime(0)
      expect(ran).toEqual(['second', 'minute'])
      expect(clock.now() - from).toBe(60_000)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('words', () => {
  it.each([
    [0, '0 ms'],
    [1_500, '1.5 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
    [4 * 86_400_000, '4 days'],
  ])('%i ms is %s', (ms, words) => expect(spanInWords(ms)).toBe(words))

  it('an address is read back, and nonsense is none', () => {
    expect(parseAddress(formatAddress('a b&c', 12))).toEqual({ session: 'a b&c', event: 12 })
    expect(parseAddress('#event=-1')).toEqual({ session: undefined, event: undefined })
    expect(parseAddress('#session=x&event=99999999999')).toEqual({ session: 'x', event: undefined })
  })
})
