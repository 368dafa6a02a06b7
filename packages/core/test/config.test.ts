import { describe, expect, it } from 'vitest'
import { configOf } from '../src/index'

const stream = 'https://school.example/stream'
const batch = 'https://school.example/batch?asset_id=7'
const locally = 'nothing is sent there, recording goes on locally'

describe('learn.json', () => {
  it('names two destinations', () => {
    const learnJson = { slug: 'x', telemetry: { stream, batch } }
    expect(configOf(learnJson)).toEqual({ destinations: { stream, batch }, problems: [] })
  })

  it.each([{}, { telemetry: null }, { telemetry: {} }, null, 7])('may name none: %j', (learnJson) => {
    expect(configOf(learnJson)).toEqual({ destinations: {}, problems: [] })
  })

  it('may name one', () => {
    expect(configOf({ telemetry: { batch } })).toEqual({ destinations: { batch }, problems: [] })
  })

  it('may say "streaming" for "stream", which wins', () => {
    expect(configOf({ telemetry: { streaming: stream } })).toEqual({ destinations: { stream }, problems: [] })
    expect(configOf({ telemetry: { streaming: stream, stream } }).problems).toEqual([])
    expect(configOf({ telemetry: { streaming: 'https://b.example/', stream } })).toEqual({
      destinations: { stream },
      problems: [
        `learn.json: telemetry.streaming: "https://b.example/" differs from telemetry.stream "${stream}"; "stream" is used, remove the other`,
      ],
    })
  })

  it.each([
    ['some-url', '"some-url"'],
    ['school.example/stream', '"school.example/stream"'],
    ['/stream', '"/stream"'],
    ['ftp://school.example/', '"ftp://school.example/"'],
    ['http://', '"http://"'],
    ['https://ana:secret@school.example/', '"https://***@school.example/"'],
  ])('with the value %j gives a message that names key and value, and keeps the other', (value, shown) => {
    expect(configOf({ telemetry: { stream: value, batch } }, 'course/learn.json')).toEqual({
      destinations: { batch },
      problems: [
        `course/learn.json: telemetry.stream: expected an absolute http:// or https:// URL without a password (found ${shown}); ${locally}`,
      ],
    })
  })

  it.each([
    [
      { telemetry: { batch: 7 } },
      'learn.json: telemetry.batch: Invalid input: expected string, received number (found 7)',
    ],
    [
      { telemetry: 'yes' },
      'learn.json: telemetry: expected an object with the URLs "stream" and "batch" (found "yes")',
    ],
    [
      { telemetry: [] },
      'learn.json: telemetry: expected an object with the URLs "stream" and "batch" (found [])',
    ],
  ])('of another type gives a message: %j', (learnJson, message) => {
    expect(configOf(learnJson)).toEqual({ destinations: {}, problems: [`${message}; ${locally}`] })
  })
})
