// Whose work is whose (SPEC §4 rule 5), also where a crash, a full disk, a copy or another process came in between.

import { describe, expect, it } from 'vitest'
import { decodeLine, readCourseIndex, type CourseIndex, type TelemetryEvent } from '../src/index'
import { memoryLog, memoryStorage, type MemoryStorage } from '../src/memory'
import { eventsOf } from './arbitraries'
import { course, crc, delivered, jsonOf, recorder, sample, TELEMETRY_ID, world } from './support'

const typesOf = (log: string) => eventsOf(log).map(({ type }) => type)
const openings = (storage: MemoryStorage, id: string) =>
  eventsOf(storage.log(id)).filter(({ type }) => type === 'open_step')

/** A storage whose owner dies, or whose disk fills up, at the n-th change to it; what came before stays. */
function failingAt(n: number): { storage: MemoryStorage; mend(): void } {
  const storage = memoryStorage()
  let left = n
  const change = <T>(action: () => T): T => {
    if (left-- <= 0) throw new Error('the disk is full')
    return action()
  }
  const { writeIndex, claimIndex, open } = storage
  storage.writeIndex = (index) => change(() => writeIndex(index))
  storage.claimIndex = (index) => change(() => claimIndex(index))
  const logs = new Map<string, ReturnType<typeof open>>()
  storage.open = (id) => {
    const store = logs.get(id) ?? open(id)
    if (!logs.has(id)) {
      const { append } = store.log
      store.log.append = (line) => change(() => append(line))
    }
    logs.set(id, store)
    return store
  }
  return { storage, mend: () => void (left = Infinity) }
}

/** Two students in turns, each at a step of their own: what each recorded. */
function takeTurns(storage: MemoryStorage): void {
  const w = world({ storage })
  w.telemetry.start(course)
  for (const [student, step] of [
    ['ana', 0],
    ['ben', 1],
    ['ana', 0],
    ['ben', 1],
  ] as const) {
    if (w.telemetry.identify(student).ok) w.telemetry.record(step, 'open_step')
  }
}

describe('a crash or a full disk between a login in the log and the index', () => {
  const changes = Array.from({ length: 30 }, (_, n) => n)

  it.each(changes)('at change %i leaves every event with whom it is of', async (n) => {
    const { storage, mend } = failingAt(n)
    takeTurns(storage)
    mend()
    const stream = recorder('events')
    for (const student of ['ana', 'ben', 'ana']) {
      const w = world({ storage, transports: [stream.transport] })
      w.telemetry.start(course)
      w.telemetry.identify(student)
      w.telemetry.record(student === 'ana' ? 0 : 1, 'open_step')
      await w.telemetry.idle()
    }
    const sent = stream.bodies() as { user_id: string; step_position: number; telemetry_id: string }[]
    const recorded = storage.list().flatMap((id) => openings(storage, id))
    expect(new Set(stream.sent.map(({ id }) => id)).size).toBe(stream.sent.length)
    expect(stream.sent).toHaveLength(recorded.length)
    expect(sent.every(({ user_id, step_position }) => (user_id === 'ana') === (step_position === 0))).toBe(
      true,
    )
    for (const student of ['ana', 'ben'])
      expect(
        new Set(sent.filter(({ user_id }) => user_id === student).map((one) => one.telemetry_id)).size,
      ).toBe(1)
  })

  it('an index that names another owner than the log is corrected before anything is recorded', () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify('ana')
    before.telemetry.record(0, 'open_step')
    storage.writeIndex({ current: TELEMETRY_ID, student: 'ben', owners: { [TELEMETRY_ID]: 'ben' } })
    expect(readCourseIndex(storage, crc)).toMatchObject({ student: 'ana', owners: { [TELEMETRY_ID]: 'ana' } })
    const after = world({ storage })
    after.telemetry.start(course)
    after.telemetry.identify('ben')
    expect(after.telemetry.status().telemetry_id).not.toBe(TELEMETRY_ID)
    expect(storage.readIndex()?.owners[TELEMETRY_ID]).toBe('ana')
  })

  it('an index of a log that was replaced by a longer one says nothing of it', () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify('ana')
    before.telemetry.save()
    const other = world()
    other.telemetry.start({ ...course, slug: 'another-course' })
    other.telemetry.identify('ben')
    for (let n = 0; n < 5; n++) other.telemetry.record(0, 'open_step')
    const replaced = memoryStorage()
    replaced.writeIndex(storage.readIndex() as CourseIndex)
    for (const line of other.storage.log(TELEMETRY_ID).trimEnd().split('\n'))
      replaced.open(TELEMETRY_ID).log.append(line)
    expect(readCourseIndex(replaced, crc)).toMatchObject({
      student: 'ben',
      owners: { [TELEMETRY_ID]: 'ben' },
    })
  })

  it('what is read of a log is not read again at the next start', () => {
    const storage = memoryStorage()
    const before = world({ storage })
    before.telemetry.start(course)
    before.telemetry.identify('ana')
    for (let n = 0; n < 50; n++) before.telemetry.record(0, 'compile', { stdout: 'x'.repeat(1_000) })
    before.telemetry.save()
    const { read } = storage.readIndex() as CourseIndex
    expect(read).toEqual({ [TELEMETRY_ID]: storage.open(TELEMETRY_ID).log.size() })
  })
})

describe('work before login', () => {
  const mates = () => {
    const storage = memoryStorage()
    const mate = world({ storage })
    mate.telemetry.start(course)
    mate.telemetry.identify('mate')
    mate.telemetry.record(0, 'open_step')
    mate.telemetry.clear()
    mate.telemetry.end('exit')
    mate.telemetry.save()
    return storage
  }

  it("with a teammate's telemetry in the folder goes on in that of the student who logs in", async () => {
    const storage = mates()
    const stream = recorder('events')
    const w = world({ storage, now: 1_700_000_100_000, transports: [stream.transport] })
    w.telemetry.start(course)
    w.clock.advance(1_000)
    const first = w.telemetry.record(1, 'open_step')
    const second = w.telemetry.record(2, 'test', { exit_code: 0 })
    w.clock.advance(1_000)
    w.telemetry.identify('me')
    w.telemetry.record(3, 'open_step')
    await w.telemetry.idle()
    const mine = jsonOf(w.telemetry.snapshot())
    expect(mine).toMatchObject({ user_id: 'me', tutorial_started_at: 1_700_000_100_000 })
    expect(mine.steps.map((step) => 'opened_at' in step)).toEqual([false, true, false, true])
    expect(mine.steps[2]?.tests).toHaveLength(1)
    expect(mine.workout_session).toEqual([{ started_at: 1_700_000_100_000 }])
    expect(stream.sent.map(({ id }) => id).slice(0, 2)).toEqual(
      [first, second].map((one) => one.ok && one.id),
    )
    expect(new Set(stream.bodies().map(({ user_id }) => user_id))).toEqual(new Set(['me']))
    // It leaves the snapshot of the former one, and is not sent of it either.
    const back = world({ storage, now: 1_700_000_200_000, transports: [stream.transport] })
    back.telemetry.start(course)
    back.telemetry.identify('mate')
    await back.telemetry.idle()
    const theirs = jsonOf(back.telemetry.snapshot())
    expect(theirs.steps.map((step) => 'opened_at' in step)).toEqual([true, false, false, false])
    expect(theirs.workout_session).toHaveLength(2)
    const ofMate = stream.bodies().filter(({ user_id }) => user_id === 'mate')
    expect(ofMate.map(({ step_position }) => step_position)).toEqual([0])
  })

  it('stays with the owner where nobody else logs in during that session', async () => {
    const storage = mates()
    const stream = recorder('events')
    const nobody = world({ storage })
    nobody.telemetry.start(course)
    nobody.telemetry.record(1, 'open_step')
    nobody.telemetry.end('exit')
    const w = world({ storage, transports: [stream.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('me')
    w.telemetry.identify('mate')
    await w.telemetry.idle()
    expect(stream.bodies().map(({ user_id, step_position }) => [user_id, step_position])).toEqual([
      ['mate', 0],
      ['mate', 1],
    ])
  })

  it('after a logout goes on with whoever logs in next in that session', async () => {
    const stream = recorder('events')
    const w = world({ transports: [stream.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    w.telemetry.clear()
    w.telemetry.record(1, 'open_step')
    w.telemetry.identify('ben')
    await w.telemetry.idle()
    expect(stream.bodies().map(({ user_id, step_position }) => [user_id, step_position])).toContainEqual([
      'ben',
      1,
    ])
    w.telemetry.identify('ana')
    await w.telemetry.idle()
    expect(w.telemetry.snapshot().steps[1]).not.toHaveProperty('opened_at')
    expect(stream.bodies().map(({ user_id, step_position }) => [user_id, step_position])).toEqual([
      ['ben', 1],
      ['ana', 0],
    ])
  })

  it('an import in that session stays with the owner', () => {
    const storage = mates()
    const w = world({ storage })
    w.telemetry.start(course)
    w.telemetry.record(1, 'open_step')
    const imported = [{ slug: course.steps[2]!.slug, opened_at: 5 }]
    w.telemetry.import({ telemetry_id: TELEMETRY_ID, steps: imported })
    w.telemetry.identify('me')
    expect(w.telemetry.snapshot().steps.map((step) => 'opened_at' in step)).toEqual([
      false,
      true,
      false,
      false,
    ])
    w.telemetry.identify('mate')
    expect(w.telemetry.snapshot().steps.map((step) => 'opened_at' in step)).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('of another process that runs at the same time is not taken along', () => {
    const storage = mates()
    const other = world({ storage })
    const w = world({ storage })
    w.telemetry.start(course)
    other.telemetry.start(course)
    other.telemetry.record(2, 'open_step')
    w.telemetry.record(1, 'open_step')
    other.telemetry.identify('me')
    const mine = other.telemetry.snapshot()
    expect(mine.steps.map((step) => 'opened_at' in step)).toEqual([false, false, true, false])
    const theirs = w.telemetry.snapshot()
    expect(theirs.steps.map((step) => 'opened_at' in step)).toEqual([true, true, false, false])
  })

  const ways = ['a crash', 'a full disk and an end'] as const
  it.each(Array.from({ length: 12 }, (_, n) => n).flatMap((n) => ways.map((way) => [way, n] as const)))(
    'is in one telemetry, whole, after %s at change %i of the switch',
    async (way, n) => {
      const { storage, mend } = failingAt(Infinity)
      const mate = world({ storage })
      mate.telemetry.start(course)
      mate.telemetry.identify('mate')
      mate.telemetry.clear()
      mate.telemetry.save()
      const w = world({ storage })
      w.telemetry.start(course)
      w.telemetry.record(1, 'open_step')
      w.telemetry.record(2, 'open_step')
      const later = failLater(storage, n)
      w.telemetry.identify('me')
      later()
      mend()
      if (way !== 'a crash') await w.telemetry.close()
      const stream = recorder('events')
      for (const student of ['me', 'mate', 'me']) {
        const next = world({ storage, transports: [stream.transport] })
        next.telemetry.start(course)
        next.telemetry.identify(student)
        await next.telemetry.idle()
      }
      expect(
        stream
          .bodies()
          .map(({ step_position }) => step_position)
          .sort(),
      ).toEqual([1, 2])
      expect(new Set(stream.bodies().map(({ user_id }) => user_id)).size).toBe(1)
    },
  )
})

/** From now on the n-th change fails, and every one behind it. Returns how to end that. */
function failLater(storage: MemoryStorage, n: number): () => void {
  let left = n
  const { open, writeIndex } = storage
  const change = <T>(action: () => T): T => {
    if (left-- <= 0) throw new Error('the disk is full')
    return action()
  }
  storage.writeIndex = (index) => change(() => writeIndex(index))
  storage.open = (id) => {
    const store = open(id)
    return { ...store, log: { ...store.log, append: (line) => change(() => store.log.append(line)) } }
  }
  const patched = storage.list().map((id) => {
    const { log } = open(id)
    const { append } = log
    log.append = (line) => change(() => append(line))
    return () => void (log.append = append)
  })
  return () => {
    Object.assign(storage, { open, writeIndex })
    patched.forEach((undo) => undo())
  }
}

describe('a login in a log', () => {
  const at = (storage: MemoryStorage, machine: string, transports = [recorder('events').transport]) =>
    world({ storage, transports, machine: () => machine }).telemetry

  it('counts at the next start on the machine where it was written', async () => {
    const storage = memoryStorage()
    const first = at(storage, 'here')
    first.start(course)
    first.identify('ana')
    const stream = recorder('events')
    const next = at(storage, 'here', [stream.transport])
    next.start(course)
    expect(next.record(0, 'ai_interaction', {}).ok).toBe(true)
    await next.idle()
    expect(stream.sent).toHaveLength(1)
  })

  it('sends nothing, nor records a question, on another one until somebody logs in there', async () => {
    const storage = memoryStorage()
    const theirs = at(storage, 'there')
    theirs.start(course)
    theirs.identify('mallory')
    theirs.record(0, 'open_step')
    const stream = recorder('events')
    const batch = recorder('snapshots')
    const mine = at(storage, 'here', [stream.transport, batch.transport])
    mine.start(course)
    expect(mine.status().student).toBeUndefined()
    mine.record(1, 'open_step')
    expect(mine.record(1, 'ai_interaction', {})).toMatchObject({ ok: false })
    await mine.idle()
    expect([stream.sent, batch.sent]).toEqual([[], []])
    const again = at(storage, 'here', [stream.transport, batch.transport])
    again.start(course)
    await again.idle()
    expect([stream.sent, batch.sent]).toEqual([[], []])
    again.record(2, 'open_step')
    again.identify('ana')
    await again.idle()
    expect(stream.bodies().map(({ user_id, step_position }) => [user_id, step_position])).toEqual([
      ['ana', 2],
    ])
  })

  it('counts where the name of the machine could be kept only after the first start', async () => {
    const storage = memoryStorage()
    let kept = false
    const machine = () => (kept ? 'here' : 'of this process')
    const first = world({ storage, now: 0, machine }).telemetry
    first.start(course)
    kept = true
    first.identify('ana')
    const next = at(storage, 'here')
    next.start(course)
    expect(next.status().student).toBe('ana')
  })

  it('of a log without an index was written who knows where', async () => {
    const lost = memoryStorage()
    const first = at(lost, 'here')
    first.start(course)
    first.identify('ana')
    const storage = memoryStorage()
    for (const line of lost.log(TELEMETRY_ID).trimEnd().split('\n'))
      storage.open(TELEMETRY_ID).log.append(line)
    const stream = recorder('events')
    const next = at(storage, 'here', [stream.transport])
    next.start(course)
    next.record(0, 'open_step')
    await next.idle()
    expect(stream.sent).toEqual([])
    next.identify('ana')
    await next.idle()
    expect(stream.sent).toHaveLength(1)
  })

  it('that cannot be taken back on a full disk still sends nothing', async () => {
    const storage = memoryStorage()
    const theirs = at(storage, 'there')
    theirs.start(course)
    theirs.identify('mallory')
    theirs.record(0, 'open_step')
    const { log } = storage.open(TELEMETRY_ID)
    const { append } = log
    log.append = () => {
      throw new Error('the disk is full')
    }
    const stream = recorder('events')
    const mine = at(storage, 'here', [stream.transport])
    mine.open()
    await mine.idle()
    log.append = append
    mine.start(course)
    mine.record(1, 'open_step')
    await mine.idle()
    expect(stream.sent).toEqual([])
    expect(typesOf(storage.log(TELEMETRY_ID)).slice(-3)).toEqual([
      'session_start',
      'student_cleared',
      'open_step',
    ])
  })
})

describe('a telemetry.json of which it cannot be noted that it was taken in', () => {
  it('is appended once, however often it is looked at and whoever starts', async () => {
    const storage = memoryStorage(JSON.stringify(sample))
    const { read } = storage.snapshot
    storage.snapshot.read = () => {
      const found = read()
      return found.kind === 'foreign'
        ? {
            ...found,
            adopted() {
              throw new Error('rename refused')
            },
          }
        : found
    }
    for (let start = 0; start < 3; start++) {
      const w = world({ storage })
      w.telemetry.start(course)
      for (let n = 0; n < 20; n++) {
        w.clock.advance(10_000)
        w.telemetry.record(0, 'open_step')
        await w.telemetry.idle()
      }
      await w.telemetry.close()
    }
    const imports = typesOf(storage.log(sample.telemetry_id)).filter((type) => type === 'import')
    expect(imports).toHaveLength(1)
  })
})

describe('a telemetry.json whose import was cut short by a full disk', () => {
  it('is taken in at the next start: half a line is no event', async () => {
    const storage = memoryStorage(JSON.stringify(sample))
    const { log } = storage.open(sample.telemetry_id)
    const { append } = log
    log.append = (line) => {
      // What was written of it is ended, so that the next line begins on its own.
      append(line.slice(0, line.length / 2))
      log.append = append
      throw new Error('the disk is full')
    }
    const open = storage.open
    storage.open = (id) => (id === sample.telemetry_id ? { ...open(id), log } : open(id))
    for (let start = 0; start < 2; start++) {
      const w = world({ storage })
      w.telemetry.start(course)
      await w.telemetry.close()
    }
    const imports = storage
      .log(sample.telemetry_id)
      .split('\n')
      .map((line) => decodeLine(line, crc))
      .filter((line) => line.ok && line.event.type === 'import')
    expect(imports).toMatchObject([{ event: { data: { snapshot: sample } } }])
  })
})

describe('a switch to another student that the disk stops right behind their login', () => {
  it.each(['logs out', 'is followed by a third'])('is gone through with before anybody %s', (next) => {
    const storage = memoryStorage()
    const w = world({ storage })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    const { open } = storage
    let opened = 0
    storage.open = (id) => {
      // Once for the session start, once for the login: then the disk is away for a moment.
      if (id !== TELEMETRY_ID && ++opened === 3) throw new Error('i/o error')
      return open(id)
    }
    expect(w.telemetry.identify('ben').ok).toBe(false)
    if (next === 'logs out') w.telemetry.clear()
    else w.telemetry.identify('cleo')
    w.telemetry.record(1, 'compile', { stdout: 'x' })
    const bens = storage.list().find((id) => storage.log(id).includes('"user_id":"ben"'))!
    const ofBen = ['session_start', 'student_identified', 'student_cleared']
    expect(typesOf(storage.log(bens))).toEqual(next === 'logs out' ? [...ofBen, 'compile'] : ofBen)
    expect(typesOf(storage.log(TELEMETRY_ID))).toEqual(ofBen)
  })
})

describe('a log that was deleted while nobody ran', () => {
  const work = async (storage: MemoryStorage, clicks: number, transport = recorder('events').transport) => {
    const w = world({ storage, transports: [transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    for (let n = 0; n < clicks; n++) w.telemetry.record(0, 'compile', { stdout: `${n}` })
    await w.telemetry.idle()
    await w.telemetry.close()
  }

  /** The same folder with another log in the place of the one that was there. */
  function deleted(storage: MemoryStorage): void {
    const { open } = storage
    const log = memoryLog()
    storage.open = (id) => ({ ...open(id), log })
  }

  it('and has outgrown the stored cursor is sent from its beginning', async () => {
    const storage = memoryStorage()
    await work(storage, 3)
    deleted(storage)
    const offline = recorder(
      'events',
      ...Array.from({ length: 50 }, () => ({ kind: 'retry', reason: 'down' }) as const),
    )
    await work(storage, 41, offline.transport)
    const stream = recorder('events')
    await work(storage, 0, stream.transport)
    const w = world({ storage, now: 1_800_000_000_000, transports: [stream.transport] })
    w.telemetry.open()
    await w.telemetry.idle()
    expect(new Set(stream.sent.map(({ id }) => id)).size).toBe(41)
  })

  it('and has outgrown it by a process that delivers nothing is sent from its beginning', async () => {
    const storage = memoryStorage()
    await work(storage, 3)
    deleted(storage)
    const elsewhere = world({ storage, now: 1_750_000_000_000 })
    elsewhere.telemetry.start(course)
    elsewhere.telemetry.identify('ana')
    for (let n = 0; n < 41; n++) elsewhere.telemetry.record(0, 'compile', { stdout: `${n}` })
    await elsewhere.telemetry.close()
    // A line of the new log happens to begin where the cursor stood in the old one.
    const { log, cursors } = storage.open(TELEMETRY_ID)
    const offset = log.read(0, 1e6).lines[7]!.offset
    cursors.write('events', { ...cursors.read('events')!, offset })
    const stream = recorder('events')
    const w = world({ storage, now: 1_800_000_000_000, transports: [stream.transport] })
    w.telemetry.open()
    await w.telemetry.idle()
    expect(new Set(stream.sent.map(({ id }) => id)).size).toBe(41)
  })

  it('and paused far behind its end goes on at its next login', async () => {
    const storage = memoryStorage()
    await work(storage, 30, recorder('events', { kind: 'pause', reason: 'answered 401' }).transport)
    deleted(storage)
    const stream = recorder('events', delivered)
    await work(storage, 1, stream.transport)
    expect(stream.sent).toHaveLength(1)
  })
})

describe('a session that moved', () => {
  it('is told by the log it left, with what went along', () => {
    const w = world()
    w.telemetry.start(course)
    w.telemetry.identify('mate')
    w.telemetry.clear()
    const recorded = w.telemetry.record(1, 'open_step')
    w.telemetry.identify('me')
    const left = eventsOf(w.storage.log(TELEMETRY_ID)) as TelemetryEvent[]
    expect(left.at(-1)).toMatchObject({
      type: 'session_moved',
      data: { telemetry_id: 'telemetry2', events: [recorded.ok && recorded.id] },
    })
    expect(JSON.stringify(left)).not.toContain('"me"')
    expect(typesOf(w.storage.log('telemetry2'))).toEqual(['session_start', 'student_identified', 'open_step'])
  })
})
