import { describe, expect, it } from 'vitest'
import { createFollower, decodeLine, encodeLine, type FollowerHooks } from '../src/index'
import { upcast } from '../src/events/upcast'
import { fromBase64, toBase64 } from '../src/fold/base64'
import { append, emptyList, listOf, toArray, type List } from '../src/fold/list'
import { memoryLog } from '../src/memory'
import { crc, event, on, started } from './support'

describe('a line of the log', () => {
  const line = encodeLine(on(1, 'compile', 1_700_000_000_000, { stdout: 'hi "you"\n' }), crc)

  it('ends in the CRC-32 of the bytes before that key', () => {
    const [, before, found] = /^(.*)"crc":"([0-9a-f]{8})"\}$/.exec(line)!
    expect(found).toBe(crc(before!).toString(16).padStart(8, '0'))
    expect(JSON.parse(line)).toMatchObject({ v: 1, type: 'compile', data: { stdout: 'hi "you"\n' } })
    expect(line).not.toContain('\n')
  })

  it('shows every flipped bit', () => {
    const bytes = Buffer.from(line)
    for (let index = 0; index < bytes.length; index++) {
      const flipped = Buffer.from(bytes)
      flipped[index]! ^= 1 << (index % 8)
      expect(decodeLine(flipped.toString('utf8'), crc).ok).toBe(false)
    }
  })

  it('shows every cut', () => {
    for (let end = 0; end < line.length; end++) expect(decodeLine(line.slice(0, end), crc).ok).toBe(false)
  })

  it.each([
    ['what is no JSON', 'hello', 'not JSON: "hello"'],
    ['a missing checksum', '{"v":1}', 'has no checksum ("crc") as its last key: "{\\"v\\":1}"'],
    [
      'a wrong type',
      withCrc('{"v":1,"id":"x","at":"noon","session":"s","type":"compile",'),
      'is no event: at: Invalid input: expected number, received string (found "noon")',
    ],
    [
      'data that is no object',
      withCrc('{"v":1,"id":"x","at":1,"session":"s","type":"session_end","data":7,'),
      'is no event: data: Invalid input: expected object, received number (found 7)',
    ],
  ])('says what is wrong: %s', (_, text, reason) => {
    expect(decodeLine(text, crc)).toEqual({ ok: false, reason })
  })

  it('of an unknown type is used, with a notice', () => {
    const odd = event('badge_earned', 5)
    expect(decodeLine(encodeLine(odd, crc), crc)).toEqual({
      ok: true,
      event: odd,
      notice: 'event of unknown type "badge_earned" (v 1): kept, not folded',
    })
  })
})

/** A line with a right checksum, whatever else is wrong with it. */
function withCrc(before: string): string {
  return `${before}"crc":"${crc(before).toString(16).padStart(8, '0')}"}`
}

describe('reading a log', () => {
  it('names the line of what it cannot use, and uses the rest', () => {
    const log = memoryLog()
    for (const text of [encodeLine(started(1), crc), 'hello', '', encodeLine(event('odd', 2), crc)])
      log.append(text)
    log.append(encodeLine(on(1, 'open_step', 3), crc))
    const seen: Parameters<NonNullable<FollowerHooks['noticed']>>[] = []
    const follower = createFollower(log, crc, { noticed: (...args) => void seen.push(args) })
    const state = follower.catchUp()
    expect(seen.map(([message, { number }, lost]) => [number, message, lost])).toEqual([
      [2, 'not JSON: "hello"', true],
      [4, 'event of unknown type "odd" (v 1): kept, not folded', false],
    ])
    expect(follower.counts).toEqual({ lines: 5, events: 3, damaged: 1, duplicates: 0 })
    expect(state.activity.get('01-hello')).toMatchObject({ opened_at: 3 })
  })
})

describe('upcasting', () => {
  const upcasters = {
    0: (old: Record<string, unknown>) => ({ ...old, at: old['time'] }),
    1: (old: Record<string, unknown>) => ({ ...old, agent: 'os' }),
  }

  it('goes version by version', () => {
    expect(upcast({ v: 0, time: 5 }, upcasters, 2)).toEqual({ v: 2, time: 5, at: 5, agent: 'os' })
    expect(upcast({ v: 1, at: 6 }, upcasters, 2)).toEqual({ v: 2, at: 6, agent: 'os' })
  })

  it('leaves alone what is current, newer, unversioned or no object', () => {
    for (const raw of [{ v: 2 }, { v: 9 }, {}, null, 7, 'x']) expect(upcast(raw, upcasters, 2)).toBe(raw)
    expect(upcast({ v: -1 }, upcasters, 2)).toEqual({ v: -1 })
  })
})

describe('base64', () => {
  it.each(['', 'a', 'ñandú — 日本 🎉', '\u0000\u001b[31m', 'x'.repeat(100_000) + 'ñ'])(
    'is that of UTF-8: %#',
    (text) => {
      expect(toBase64(text)).toBe(Buffer.from(text).toString('base64'))
      expect(fromBase64(toBase64(text))).toBe(text)
    },
  )

  it.each(['x', '//8=', 'YQ', 'Y Q=='])(
    'refuses to decode what would not encode to the same: %j',
    (base64) => {
      expect(fromBase64(base64)).toBeUndefined()
    },
  )
})

describe('the list attempts are kept in', () => {
  it('keeps every item in order, across its chunks, and leaves older lists as they were', () => {
    const lists: List<number>[] = [emptyList()]
    for (let item = 0; item < 200; item++) lists.push(append(lists.at(-1)!, item))
    lists.forEach((list, length) => {
      expect(list.length).toBe(length)
      expect(toArray(list)).toEqual([...Array(length).keys()])
    })
  })

  it('copies one chunk at most: what is full is shared', () => {
    const list = listOf(Array.from({ length: 200 }, (_, n) => n))
    const longer = append(list, 200)
    expect(list.full.length).toBeGreaterThan(1)
    list.full.forEach((chunk, n) => expect(longer.full[n]).toBe(chunk))
    expect(longer.tail.length).toBeLessThan(100)
  })
})
