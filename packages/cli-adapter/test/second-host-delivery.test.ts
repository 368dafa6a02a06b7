// What a host shaped like LearnPack 2.1.34 delivers with the manager of docs/migrate.md in its place: it sets `urls` after
// `start`, and other processes log in and out.

import { readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import type { Snapshot } from '@learnpack/telemetry-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  closeAll,
  filesBelow,
  hostEnvironment,
  newCourse,
  receiver,
  startLearnPack,
  until,
  type Received,
} from './learnpack-host'
import { buildSecondHost, type SecondHost } from './second-host'

let env: NodeJS.ProcessEnv
let host: SecondHost
let plain: SecondHost
beforeAll(() => {
  env = hostEnvironment([])
  host = buildSecondHost({ migrated: true })
  plain = buildSecondHost({ migrated: false })
}, 120_000)
afterAll(closeAll)

const TOKEN = 'token-of-the-student'

async function served(answer?: RequestListener) {
  const { got, telemetry } = await receiver(answer)
  const { batch, stream: streaming } = telemetry
  const course = await newCourse({ batch, streaming })
  const isBatch = ({ path }: Received): boolean => path.startsWith('/batch')
  return {
    got,
    course,
    start: ({ start }: SecondHost = host) => startLearnPack(course, { env, program: start }),
    streamed: () => got.filter((one) => !isBatch(one)),
    /** The steps of the latest batch. */
    steps: () => (got.filter(isBatch).at(-1)?.body as Snapshot | undefined)?.steps ?? [],
    batches: () => got.filter(isBatch),
    login: (as = '42', by: SecondHost = host) => by.run('login', course.path, as, TOKEN),
    logout: () => host.run('logout', course.path),
  }
}

const question = (student_message: string) => ({
  exerciseSlug: '02-add',
  stepPosition: 2,
  event: 'ai_interaction',
  eventData: { student_message, source_code: 'x', ai_response: 'Because.', starting_at: 1, ending_at: 2 },
})
interface Vector {
  readonly name: string
  readonly batch: readonly unknown[]
  readonly stream: readonly { readonly event: string; readonly step_position: number }[]
}
const vectors = JSON.parse(readFileSync(new URL('fixtures/stock-vectors.json', import.meta.url), 'utf8')) as {
  same: Vector[]
}
/** Start, two steps that are opened, and the batch that a terminating host sends. */
const vector = vectors.same.find(({ name }) => name === 'nontesteable-completed-by-next') as Vector
const namesOf = (streamed: Received[]) => streamed.map(({ body }) => [body['event'], body['step_position']])

it('delivers every button, from before the login too, and a batch at an opened step', async () => {
  const { got, course, start, streamed, steps, login } = await served()
  const running = await start()
  await running.get('/exercise/01-hello')
  await running.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
  expect(got).toEqual([])
  login()
  await running.get('/exercise/02-add')
  await until(() => steps()[2]?.opened_at !== undefined)
  await running.press('test', { exerciseSlug: '02-add' }, 'testing-error')
  const app = join(course.path, 'exercises/02-add/app.js')
  writeFileSync(app, readFileSync(app, 'utf8').replace('a - b', 'a + b'))
  await running.press('test', { exerciseSlug: '02-add' }, 'testing-success')
  await running.press('ai_interaction', question('Why?'), 'ready')
  await until(() => streamed().length === 6)
  expect(await running.end('SIGINT')).toMatchObject({ code: 0, stderr: '' })

  expect(namesOf(streamed())).toEqual([
    ['open_step', 1],
    ['compile', 1],
    ['open_step', 2],
    ['test', 2],
    ['test', 2],
    ['ai_interaction', 2],
  ])
  for (const { body, headers } of got) {
    expect(body).toMatchObject({ user_id: '42' })
    // The receiver's origin is not allowed to see it.
    expect(headers.authorization).toBeUndefined()
  }
  const kept = [...filesBelow(join(course.path, '.learn'))].filter(([path]) => !path.startsWith('.session'))
  expect(kept.filter(([, text]) => text.includes(TOKEN))).toEqual([])
})

it('sends as many batches and streams as LearnPack’s own manager did for the same calls', async () => {
  const { start, streamed, batches, login, steps } = await served()
  // A login that is as old as the course would count as a part of it.
  await (await start()).end('SIGINT')
  login()
  const [atStart, ...opened] = vector.batch.slice(0, -1)
  const running = await start()
  await until(() => batches().length === 1)
  for (const [index, { step_position }] of vector.stream.entries()) {
    await running.get(`/exercise/${steps()[step_position]?.slug}`)
    await until(() => batches().length === index + 2 && streamed().length === index + 1)
  }
  expect(batches()).toHaveLength([atStart, ...opened].length)
  expect(namesOf(streamed())).toEqual(vector.stream.map(({ event, step_position }) => [event, step_position]))
  await running.end('SIGINT')
})

it('a batch goes out when a step becomes completed, though no step is opened after it', async () => {
  const { course, start, streamed, steps, login } = await served()
  const app = join(course.path, 'exercises/02-add/app.js')
  writeFileSync(app, readFileSync(app, 'utf8').replace('a - b', 'a + b'))
  const running = await start()
  login()
  await running.get('/exercise/02-add')
  await until(() => steps()[2]?.opened_at !== undefined)
  await running.press('test', { exerciseSlug: '02-add' }, 'testing-success')
  await until(() => steps()[2]?.completed_at !== undefined)
  expect(namesOf(streamed())).toContainEqual(['test', 2])
  await running.end('SIGINT')
})

it('a logout by another process ends it: nothing goes out, no question is recorded, until somebody logs in', async () => {
  const { got, course, start, streamed, steps, login, logout } = await served()
  const running = await start()
  login()
  await running.get('/exercise/02-add')
  await until(() => streamed().length === 1 && steps()[2]?.opened_at !== undefined)
  logout()
  const sent = got.length
  await running.press('ai_interaction', question('Nobody asks'), 'ready')
  await running.get('/exercise/01-hello')
  await running.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
  expect(await running.end('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  expect(got.slice(sent)).toEqual([])

  const again = await start()
  login()
  await again.get('/exercise/02-add')
  await until(() => streamed().length === 4)
  await again.end('SIGINT')
  expect(namesOf(streamed()).slice(1)).toEqual([
    ['open_step', 1],
    ['compile', 1],
    ['open_step', 2],
  ])
  const all = [...filesBelow(join(course.path, '.learn')).values()].join('\n')
  expect(all).not.toContain('Nobody asks')
})

it('a login through the web page counts, and once', async () => {
  const { course, start, streamed } = await served()
  const running = await start()
  await running.get('/exercise/01-hello')
  const response = await fetch(`http://localhost:${course.port}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 42, token: TOKEN, email: 'ana@school.example' }),
  })
  expect(response.status).toBe(200)
  await until(() => streamed().length === 1)
  await running.get('/exercise/02-add')
  await until(() => streamed().length === 2)
  await running.end('SIGINT')
  const log = [...filesBelow(join(course.path, '.learn/telemetry'))].find(([path]) => path.endsWith('ndjson'))
  expect(log?.[1].match(/"type":"student_identified"/g)).toHaveLength(1)
})

it('Ctrl-C loses nothing: what was refused then arrives after the next start, each event once', async () => {
  let isRefusing = true
  const { got, start, streamed, login } = await served((_, response) => {
    response.statusCode = isRefusing ? 503 : 200
    response.end()
  })
  const first = await start()
  login()
  for (const slug of ['01-hello', '02-add', '01-hello', '02-add']) await first.get(`/exercise/${slug}`)
  await first.press('test', { exerciseSlug: '02-add' }, 'testing-error')
  expect(await first.end('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  isRefusing = false
  got.length = 0
  const second = await start()
  // As a receiver counts: what the first host left behind may have sent one of them just before, with the same id.
  const idOf = ({ headers }: ReturnType<typeof streamed>[number]) => headers['webhook-id']
  const counted = () =>
    streamed().filter((one, index, all) => all.findIndex((other) => idOf(other) === idOf(one)) === index)
  await until(() => counted().length === 5)
  await second.end('SIGINT')
  expect(namesOf(counted())).toEqual([
    ['open_step', 1],
    ['open_step', 2],
    ['open_step', 1],
    ['open_step', 2],
    ['test', 2],
  ])
})

it('Ctrl-C right after five events: all five arrive, though it is never started again', async () => {
  const { start, streamed, login } = await served()
  const running = await start()
  login()
  for (const slug of ['01-hello', '02-add', '01-hello', '02-add', '01-hello'])
    await running.get(`/exercise/${slug}`)
  expect(await running.end('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  const ids = () => new Set(streamed().map(({ headers }) => headers['webhook-id']))
  await until(() => ids().size === 5)
  expect(namesOf(streamed())).toContainEqual(['open_step', 2])
})

describe('to whoever runs it, it is the host with a manager that does nothing, also while a receiver', () => {
  it.each<[string, RequestListener]>([
    ['answers', (_, response) => void response.end()],
    ['refuses', (_, response) => void response.writeHead(400).end('no')],
    ['never answers', () => {}],
  ])('%s', async (_, answer) => {
    const [ours, bare] = await Promise.all(
      [host, plain].map(async (one) => {
        const { got, course, start, login } = await served(answer)
        const running = await start(one)
        login('42', one)
        await running.get('/exercise/01-hello')
        await running.press('build', { exerciseSlug: '01-hello' }, 'compiler-success')
        if (one === host) await until(() => got.length > 0)
        const { code, signal, stdout, stderr } = await running.end('SIGINT')
        return { code, signal, stderr, stdout: stdout.replaceAll(String(course.port), '<port>') }
      }),
    )
    expect(ours).toEqual(bare)
    expect(ours).toMatchObject({ code: 0, signal: null, stderr: '' })
  })
})
