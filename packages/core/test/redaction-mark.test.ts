import { describe, expect, it } from 'vitest'
import { countMarks } from '../src/index'

describe('marks are counted', () => {
  it('by kind, those of a host of its own as well, and added to what was counted before', () => {
    const text = '[redacted:key] and [redacted:key], [redacted:my-own], [redacted:], [redacted:key'
    expect(countMarks(text)).toEqual({ key: 2, 'my-own': 1 })
    expect(countMarks(text, { key: 1, user: 4 })).toEqual({ key: 3, 'my-own': 1, user: 4 })
    expect(countMarks('[redacted key]', { user: 4 })).toEqual({ user: 4 })
    expect(countMarks('')).toEqual({})
  })
})
