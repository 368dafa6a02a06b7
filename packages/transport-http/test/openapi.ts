// The two endpoints a receiver has, as OpenAPI 3.1 (SPEC §6): `npm run schemas` writes it to docs/openapi.json.

import { jsonSchema, type JsonSchema } from '@learnpack/telemetry-core/schemas'
import { USER_AGENT } from '../src/index'

const header = (name: string, required: boolean, description: string, schema: JsonSchema) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string', ...schema },
})

const headers = (id: JsonSchema) => [
  header('webhook-id', true, 'The same at every attempt: drop the ids you know.', id),
  header('webhook-timestamp', true, 'When this attempt was made, s since 1970.', { pattern: '^[0-9]+$' }),
  header('Idempotency-Key', true, 'The webhook-id in double quotes.', { pattern: '^".+"$' }),
  header(
    'webhook-signature',
    false,
    'When the host has a secret (Standard Webhooks): HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>`, the body before it was compressed.',
    { pattern: '^v1,[A-Za-z0-9+/]{43}=$' },
  ),
  header(
    'Content-Encoding',
    false,
    'Of a body over 16 KB, unless the receiver refused such a one or the host wants none.',
    { const: 'gzip' },
  ),
  header('User-Agent', false, 'Where the runtime lets us.', { examples: [USER_AGENT] }),
]

const patience = {
  description:
    'Tried again with the same id and bytes: within 1 s, doubling to 5 min, and no sooner than Retry-After says.',
  headers: {
    'Retry-After': {
      description: 'Seconds, or an HTTP date. At most 24 h count.',
      schema: { type: 'string' },
    },
  },
}
const unwelcome = { description: 'This destination pauses until the next login or another configuration.' }

const responses = (refused: string) => ({
  '2XX': { description: 'Delivered. The body of the answer is not looked at.' },
  '3XX': { description: 'Never followed: this destination pauses, and says where it was pointed.' },
  '401': unwelcome,
  '403': unwelcome,
  '410': unwelcome,
  '408': patience,
  '425': patience,
  '429': patience,
  '4XX': { description: refused },
  '5XX': patience,
})

const post = (summary: string, description: string, body: string, id: JsonSchema, refused: string) => ({
  post: {
    summary,
    description,
    security: [{}, { authorization: [] }],
    parameters: headers(id),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${body}` } } },
    },
    responses: responses(refused),
  },
})

export const openapi = () => ({
  openapi: '3.1.0',
  info: {
    title: 'LearnPack telemetry, as its receivers get it',
    version: USER_AGENT.split('/')[1],
    description:
      'Two POSTs a school may take: the URLs `telemetry.batch` and `telemetry.stream` of its learn.json. At least once, in order, one request at a time for each URL. No answer within 10 s, or no connection, is as good as a 503.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
  webhooks: {
    batch: post(
      'The whole snapshot',
      'At session start, when a step is opened, at login and at session end. Each replaces the one before; one that waits gives way to a newer one.',
      'Batch',
      { description: '`<telemetry_id>-<id of the last event in it>`' },
      'Shown to the learner; this batch is not sent again, the next one is.',
    ),
    stream: post(
      'One event',
      'When a step is opened, run or tested, or the AI tutor is asked, in order.',
      'Stream',
      { description: 'The id of the event, a UUIDv7' },
      'This event goes to the dead letters, from where the learner can have it sent again; the next one is sent.',
    ),
  },
  components: {
    schemas: { Batch: jsonSchema('batch'), Stream: jsonSchema('stream') },
    securitySchemes: {
      authorization: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description: "Only to origins on the host's list, while a student is logged in.",
      },
    },
  },
})
