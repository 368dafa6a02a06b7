// Orders of calls in which something was lost, doubled or somebody else's before it was mended.

import { expect, it, describe } from 'vitest'
import { createTelemetry, type Outcome } from '../src/index'
import { manualClock, memoryStorage } from '../src/memory'
import { eventsOf } from './arbitraries'
import { countingIds, course, crc, recorder, replaceable, TELEMETRY_ID, world } from './support'

const types = (log: string) => eventsOf(log).map(({ type }) => type)

/** A storage where a line is appended to no log but that of TELEMETRY_ID while `fails` says so: asked for every line. */
function othersFail(fails: () => boolean) {
  const storage = memoryStorage()
  const { open } = storage
  storage.open = (id) => {
    const store = open(id)
    if (id === TELEMETRY_ID) return store
    const append = (line: string): void => {
      if (fails()) throw new Error('disk full')
      store.log.append(line)
    }
    return { ...store, log: { ...store.log, append } }
  }
  return storage
}

const fail = (): never => {
  throw new Error('EACCES')
}

describe('a switch that failed', () => {
  it('work that the owner took is not moved to another student later', async () => {
    let isFull = false
    const storage = othersFail(() => isFull)
    const stream = recorder('events')
    const w = world({ storage, transports: [stream.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.clear()
    w.telemetry.record(0, 'compile', { stdout: 'work of ana' })
    isFull = true
    expect(w.telemetry.identify('ben').ok).toBe(false)
    isFull = false
    expect(w.telemetry.identify('ana').ok).toBe(true)
    await w.telemetry.idle()
    expect(stream.bodies().map((b) => b['user_id'])).toEqual(['ana'])
    expect(w.telemetry.identify('ben').ok).toBe(true)
    await w.telemetry.idle()
    expect.soft(stream.bodies().map((b) => b['user_id'])).toEqual(['ana'])
    // Whoever switches logs out of the one before.
    expect.soft(types(storage.log(TELEMETRY_ID)).at(-1)).toBe('student_cleared')
  })
})

describe('recording switched off', () => {
  it('a call made while it was off is not recorded at the next start', () => {
    let may = false
    const { telemetry, storage } = world({ mayRecord: () => may })
    const answer = telemetry.record(0, 'compile', { source_code: 'secret, recording is off' })
    may = true
    telemetry.start(course)
    expect.soft(answer.ok).toBe(false)
    expect.soft(types(storage.log(TELEMETRY_ID))).toEqual(['session_start'])
  })
  it('the same between two sessions', () => {
    let may = true
    const { telemetry, storage } = world({ mayRecord: () => may })
    telemetry.start(course)
    telemetry.end('x')
    may = false
    telemetry.record(0, 'compile', { source_code: 'secret, recording is off' })
    may = true
    telemetry.start(course)
    expect(types(storage.log(TELEMETRY_ID))).toEqual(['session_start', 'session_end', 'session_start'])
  })
})

describe('logout after the end of a session', () => {
  it('stops sending', async () => {
    const stream = recorder('events', { kind: 'retry', reason: 'offline' })
    const w = world({ transports: [stream.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(stream.sent).toHaveLength(1)
    w.telemetry.end('finished')
    w.telemetry.clear()
    w.clock.advance(60_000)
    await w.telemetry.idle()
    expect.soft(stream.sent).toHaveLength(1)
    await Promise.all([w.telemetry.close(), w.clock.advance(400)])
    const next = world({ storage: w.storage, now: w.clock.now() })
    next.telemetry.start(course)
    expect.soft(next.telemetry.status().student).toBeUndefined()
  })
})

describe('open after start', () => {
  it('later calls wait for the next start', () => {
    const w = world()
    w.telemetry.start(course)
    w.telemetry.open()
    w.telemetry.end('finished')
    w.telemetry.record(0, 'compile', {})
    expect(types(w.storage.log(TELEMETRY_ID))).toEqual(['session_start', 'session_end'])
  })
})

describe('open with a machine that cannot be told', () => {
  it('throws nothing into the host', () => {
    const storage = memoryStorage()
    world({ storage }).telemetry.start(course)
    const { telemetry } = world({ storage, machine: fail })
    expect(() => telemetry.open()).not.toThrow()
  })
  it('a start is recorded', () => {
    const storage = memoryStorage()
    world({ storage }).telemetry.start(course)
    const { telemetry } = world({ storage, machine: fail })
    expect(telemetry.start(course)).toMatchObject({ ok: true })
  })
})

describe('pause of a log that is gone', () => {
  it('is over with a login in the new log', async () => {
    const { storage, replace } = replaceable()
    const stream = recorder('events', { kind: 'pause', reason: 'answered 401' })
    const w = world({ storage, transports: [stream.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    expect(stream.sent).toHaveLength(1)
    // The folder is purged and begun anew, between two turns of the loop.
    replace()
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    for (let n = 0; n < 4; n++) w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    await w.telemetry.idle()
    expect(stream.sent).toHaveLength(5)
  })
})

describe('after close,', () => {
  it('append makes nothing', async () => {
    const w = world()
    await Promise.all([w.telemetry.close(), w.clock.advance(400)])
    w.telemetry.append({ v: 1, id: 'a', at: 1, session: 'a', type: 'new_kind' })
    expect(w.storage.readIndex()).toBeUndefined()
  })
})

describe('what throws when it is asked whether anything may be recorded', () => {
  it('does not reach the host timers', () => {
    let bad = false
    const { telemetry, clock } = world({ mayRecord: () => (bad ? fail() : true) })
    telemetry.start(course)
    bad = true
    expect.soft(() => clock.advance(10)).not.toThrow()
    expect.soft(() => telemetry.save()).not.toThrow()
  })
})

describe('switch in a listener during a turn', () => {
  it('does not take the next telemetry for folded', async () => {
    const storage = memoryStorage()
    const a = world({ storage })
    a.telemetry.start(course)
    a.telemetry.identify('ana')
    a.telemetry.identify('ben')
    for (let n = 0; n < 300; n++) a.telemetry.record(0, 'compile', { stdout: `${n}`.padEnd(10_000, 'x') })
    const all = a.telemetry.snapshot().steps[0]!.compilations.length
    a.telemetry.identify('ana')
    a.telemetry.save()
    const clock = manualClock(1_700_000_100_000)
    let more = 0
    const now: (() => void)[] = []
    const turns = async (count: number) => {
      for (let n = 0; n < count; n++) {
        now.shift()?.()
        for (let m = 0; m < 30; m++) await Promise.resolve()
      }
    }
    const telemetry = createTelemetry({
      storage,
      clock: {
        ...clock,
        elapsed: () => clock.elapsed() + (more += 1) / 2,
        after: (ms, run) =>
          ms === 0 ? (now.push(run), () => void now.splice(now.indexOf(run), 1)) : clock.after(ms, run),
      },
      ids: countingIds(),
      crc,
      random: () => 0.5,
    })
    const written: number[] = []
    const faults: unknown[] = []
    telemetry.on('fault', (...f) => faults.push(f))
    telemetry.on('snapshot', (state) => {
      const one = [...state.activity.values()][0]?.compilations
      written.push(one === undefined ? -1 : one.full.flat().length + one.tail.length)
    })
    telemetry.start(course)
    await turns(10)
    telemetry.record(0, 'open_step')
    await turns(10)
    const before = written.length
    storage.open(TELEMETRY_ID).log.append('no line of ours')
    let once = true
    telemetry.on('noticed', () => {
      if (once) {
        once = false
        telemetry.identify('ben')
      }
    })
    telemetry.record(0, 'open_step')
    await turns(6)
    clock.advance(20_000)
    await turns(4)
    expect(telemetry.status().student).toBe('ben')
    expect(written.slice(before).filter((n) => n >= 0 && n < all)).toEqual([])
  })
})

describe('a switch to another telemetry', () => {
  it('sends nothing of the one before again', async () => {
    const stream = recorder('events')
    let answer: (o: never) => void = () => {}
    const w = world({
      transports: [
        {
          ...stream.transport,
          async deliver(p, s) {
            const o = await stream.transport.deliver(p, s)
            if (stream.sent.length === 3)
              return new Promise((r) => {
                answer = r as never
              })
            return o
          },
        },
      ],
    })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    for (let n = 0; n < 3; n++) w.telemetry.record(0, 'compile', { stdout: `${n}` })
    const idle = w.telemetry.settled()
    for (let n = 0; n < 100; n++) {
      await Promise.resolve()
      w.clock.advance(0)
    }
    expect(stream.sent).toHaveLength(3)
    w.telemetry.identify('ben')
    answer({ kind: 'delivered' } as never)
    await idle
    w.telemetry.identify('ana')
    await w.telemetry.idle()
    const ids = stream.sent.map(({ id }) => id)
    // The third was under way; the second was answered.
    expect(ids.filter((id) => id === ids[1])).toHaveLength(1)
  })
})

describe('another process goes on in another telemetry', () => {
  it('who is logged in is told of the telemetry that this process goes on in', async () => {
    const storage = memoryStorage()
    const [one, two] = [world({ storage }), world({ storage })]
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    await one.telemetry.idle()
    two.telemetry.start(course)
    two.telemetry.identify('ben')
    await one.telemetry.idle()
    const { student } = one.telemetry.status()
    expect.soft(student).toBe(one.telemetry.state().student)
    // Nobody is logged in in that log.
    expect.soft(one.telemetry.record(0, 'ai_interaction', { student_message: 'of ben' }).ok).toBe(false)
    // A host that compares the session file with `status` (followLogins of the adapter).
    if (one.telemetry.status().student !== 'ben') one.telemetry.identify('ben')
    one.telemetry.record(0, 'compile', { stdout: 'of ben' })
    expect.soft(storage.log(TELEMETRY_ID)).not.toContain('of ben')
  })
})

describe('deliverTo with a new transport of the same name', () => {
  it('goes on with the one it has, and closes that one', async () => {
    const used: string[] = []
    const make = (which: string) => ({
      name: 'x',
      wants: 'events' as const,
      deliver: async () => (used.push(`deliver ${which}`), { kind: 'delivered' as const }),
      close: async () => void used.push(`close ${which}`),
    })
    const w = world()
    w.telemetry.deliverTo([make('old')])
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.deliverTo([make('new')])
    w.telemetry.record(0, 'open_step')
    await w.telemetry.idle()
    await Promise.all([w.telemetry.close(), w.clock.advance(400)])
    expect(used).toEqual(['deliver old', 'close old'])
  })
})

describe('a file that adds nothing, found at the first end of the log', () => {
  it('is not appended', async () => {
    const first = world()
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    first.telemetry.record(0, 'compile', { stdout: 'x' })
    await first.telemetry.idle()
    first.telemetry.save()
    const { storage } = first
    const w = world({ storage, now: first.clock.now() + 1_000 })
    w.telemetry.open()
    // Somebody formats it before the log was read.
    storage.telemetryJson = JSON.stringify(JSON.parse(storage.telemetryJson as string), null, 7)
    await w.telemetry.idle()
    expect(types(storage.log(TELEMETRY_ID))).not.toContain('import')
  })
  it('is not appended later either', async () => {
    const first = world()
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    first.telemetry.record(0, 'compile', { stdout: 'x' })
    await first.telemetry.idle()
    first.telemetry.save()
    const { storage } = first
    const w = world({ storage, now: first.clock.now() + 1_000 })
    w.telemetry.open()
    await w.telemetry.idle()
    storage.telemetryJson = JSON.stringify(JSON.parse(storage.telemetryJson as string), null, 7)
    await w.telemetry.idle()
    expect(types(storage.log(TELEMETRY_ID))).not.toContain('import')
  })
})

describe('a switch that cannot be gone through with', () => {
  it('does not append the start of the session again and again: it has moved, and is not lost', async () => {
    let lines = 0
    // The start and the login are taken, and nothing more.
    const storage = othersFail(() => ++lines > 2)
    const w = world({ storage })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    w.telemetry.clear()
    w.telemetry.end('finished')
    w.telemetry.start(course)
    w.telemetry.record(0, 'compile', { stdout: 'of nobody' })
    expect(w.telemetry.identify('ben')).toMatchObject({ ok: false })
    for (let turn = 0; turn < 10; turn++) {
      w.telemetry.record(0, 'open_step')
      await w.telemetry.idle()
    }
    expect(types(storage.log(TELEMETRY_ID)).filter((type) => type === 'session_start')).toHaveLength(2)
  })
})

describe('a logout between two requests', () => {
  it('lets no other one go, also before it is folded', async () => {
    let answer: (outcome: Outcome) => void = () => {}
    const stream = recorder('events', new Promise<Outcome>((resolve) => (answer = resolve)))
    const w = world({ transports: [stream.transport] })
    w.telemetry.start(course)
    w.telemetry.identify('ana')
    for (let n = 0; n < 3; n++) w.telemetry.record(0, 'open_step')
    w.clock.advance(0)
    for (let turn = 0; turn < 50; turn++) await Promise.resolve()
    expect(stream.sent).toHaveLength(1)
    w.telemetry.clear()
    answer({ kind: 'delivered' })
    for (let turn = 0; turn < 50; turn++) await Promise.resolve()
    expect(stream.sent).toHaveLength(1)
    await w.telemetry.idle()
    expect(stream.sent).toHaveLength(1)
    w.telemetry.identify('ana')
    await w.telemetry.idle()
    expect(stream.sent).toHaveLength(3)
  })
})

describe('two processes that log in the same student', () => {
  it('go on in one telemetry of theirs, also where one of them could not at first', () => {
    let isFull = false
    const storage = othersFail(() => isFull)
    const one = world({ storage, ids: countingIds([TELEMETRY_ID, 'of-ben-by-one']) })
    const two = world({ storage, ids: countingIds(['of-ben-by-two']) })
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    two.telemetry.start(course)
    isFull = true
    expect(two.telemetry.identify('ben')).toMatchObject({ ok: false })
    isFull = false
    one.telemetry.identify('ben')
    two.telemetry.record(0, 'compile', { stdout: 'of ben' })
    expect(two.telemetry.status().telemetry_id).toBe('of-ben-by-one')
  })

  it('go on in one telemetry of theirs, also where one of them saved before it knew of it', async () => {
    const storage = memoryStorage()
    const one = world({ storage, ids: countingIds([TELEMETRY_ID, 'of-ben-by-one']) })
    const two = world({ storage, ids: countingIds(['of-ben-by-two']) })
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    one.telemetry.clear()
    two.telemetry.start(course)
    await two.telemetry.idle()
    one.telemetry.identify('ben')
    two.telemetry.save()
    expect(storage.readIndex()).toMatchObject({ current: 'of-ben-by-one', student: 'ben' })
    two.telemetry.identify('ben')
    expect(two.telemetry.status().telemetry_id).toBe('of-ben-by-one')
  })
})

describe('a logout by another process', () => {
  it('leaves what was done before it to who was logged in', async () => {
    const storage = memoryStorage()
    const stream = recorder('events')
    const one = world({ storage })
    const two = world({ storage, transports: [stream.transport] })
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    two.telemetry.start(course)
    two.telemetry.record(0, 'compile', { stdout: 'of ana' })
    one.telemetry.clear()
    two.telemetry.identify('ben')
    await two.telemetry.idle()
    expect(stream.sent).toEqual([])
    expect(two.telemetry.snapshot().steps[0]?.compilations).toEqual([])
  })
})

describe('a switch in the moment of a start', () => {
  it('what nobody does later goes on where the switch led', () => {
    const storage = memoryStorage()
    const first = world({ storage })
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    first.telemetry.save()
    const second = world({ storage, ids: countingIds(['bbbbbbbbbbbbbbbb']) })
    second.telemetry.start(course)
    second.telemetry.identify('ben')
    const bens = second.telemetry.status().telemetry_id
    second.telemetry.clear()
    second.telemetry.save()
    const third = world({ storage })
    third.telemetry.start(course)
    expect(third.telemetry.status().telemetry_id).toBe(bens)
  })
  it('so it does where the one that is left had taken work along', () => {
    const storage = memoryStorage()
    const first = world({ storage, ids: countingIds([TELEMETRY_ID, 'bbbbbbbbbbbbbbbb']) })
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    first.telemetry.clear()
    first.telemetry.record(0, 'compile', {})
    first.telemetry.identify('ben')
    first.telemetry.identify('ana')
    first.telemetry.clear()
    first.telemetry.save()
    const second = world({ storage })
    second.telemetry.start(course)
    expect(second.telemetry.status().telemetry_id).toBe(TELEMETRY_ID)
  })
})

describe('two processes, one of which switches to another student and back', () => {
  it('the other one knows who is logged in', async () => {
    const storage = memoryStorage()
    const [one, other] = [world({ storage }), world({ storage, ids: countingIds(['bbbbbbbbbbbbbbbb']) })]
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    other.telemetry.start(course)
    await one.telemetry.settled()
    other.telemetry.identify('ben')
    await one.telemetry.settled()
    expect(one.telemetry.status().student).toBeUndefined()
    other.telemetry.identify('ana')
    await one.telemetry.settled()
    expect(one.telemetry.status().student).toBe('ana')
  })
})

describe('a process whose index could not be stored', () => {
  it('takes the telemetry of a student who has logged in elsewhere since out of no index', () => {
    const storage = memoryStorage()
    const first = world({ storage })
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    const { writeIndex } = storage
    storage.writeIndex = () => {
      throw new Error('disk full')
    }
    const late = world({ storage, ids: countingIds(['cccccccccccccccc']) })
    late.telemetry.start(course)
    late.telemetry.identify('ana')
    late.telemetry.clear()
    storage.writeIndex = writeIndex
    first.telemetry.identify('ben')
    const bens = first.telemetry.status().telemetry_id
    late.telemetry.save()
    late.telemetry.identify('ben')
    expect(late.telemetry.status().telemetry_id).toBe(bens)
  })
})

describe('a login where another process has gone on elsewhere', () => {
  it('is known to be one', async () => {
    const storage = memoryStorage()
    const [one, other] = [world({ storage }), world({ storage, ids: countingIds(['bbbbbbbbbbbbbbbb']) })]
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    other.telemetry.start(course)
    other.telemetry.identify('ben')
    other.telemetry.clear()
    await one.telemetry.settled()
    one.telemetry.identify('ana')
    await one.telemetry.settled()
    expect(one.telemetry.status().student).toBe('ana')
  })
})

describe('a telemetry that was begun by a process that was killed before it stored the index', () => {
  it('is the one in which its student goes on in a process that lives', () => {
    const storage = memoryStorage()
    const one = world({ storage, ids: countingIds([TELEMETRY_ID, 'bbbbbbbbbbbbbbbb']) })
    one.telemetry.start(course)
    one.telemetry.identify('ana')
    const other = world({ storage, ids: countingIds(['cccccccccccccccc']) })
    other.telemetry.start(course)
    const { writeIndex } = storage
    storage.writeIndex = () => {
      throw new Error('killed')
    }
    one.telemetry.identify('ben')
    storage.writeIndex = writeIndex
    other.telemetry.identify('ben')
    expect(other.telemetry.status().telemetry_id).toBe('bbbbbbbbbbbbbbbb')
  })
})

describe('a dead letter whose cursor was not stored', () => {
  it('is sent again, and no count goes below nothing', async () => {
    const storage = memoryStorage()
    const { open } = storage
    let isFull = true
    storage.open = (id) => {
      const store = open(id)
      const write: typeof store.cursors.write = (destination, state) => {
        if (isFull) throw new Error('killed')
        store.cursors.write(destination, state)
      }
      return { ...store, cursors: { ...store.cursors, write } }
    }
    const refused: Outcome = { kind: 'reject', reason: 'answered 400' }
    const first = world({ storage, transports: [recorder('events', refused).transport] })
    first.telemetry.start(course)
    first.telemetry.identify('ana')
    first.telemetry.record(0, 'compile', {})
    await first.telemetry.close()
    isFull = false
    const second = world({ storage, transports: [recorder('events').transport] })
    second.telemetry.start(course)
    await second.telemetry.settled()
    expect(second.telemetry.resend()).toBe(1)
    await second.telemetry.settled()
    expect(Object.values(second.telemetry.status().destinations)[0]?.deadLettered).toBe(0)
  })
})

describe('a new folder in which nothing can be stored', () => {
  it('two processes begin no telemetry in it, and then the same one', () => {
    const storage = memoryStorage()
    const { claimIndex } = storage
    let isFull = true
    storage.claimIndex = (index) => {
      if (isFull) throw new Error('ENOSPC')
      return claimIndex(index)
    }
    const [one, two] = ['one', 'two'].map(
      (id) => world({ storage, ids: { ...countingIds(), telemetry: () => id } }).telemetry,
    )
    const reason = '"session_start" could not be recorded: ENOSPC'
    expect([one?.start(course), two?.start(course)]).toEqual([
      { ok: false, reason },
      { ok: false, reason },
    ])
    isFull = false
    expect([one?.start(course).ok, two?.start(course).ok]).toEqual([true, true])
    expect(storage.list()).toHaveLength(1)
  })
})
