// docs/openapi.json: as committed, valid OpenAPI 3.1, and true of what the transports send.

import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { batchTransport, streamTransport } from '../src/index'
import { openapi } from './openapi'

interface Version {
  readonly version: string
}

const document = openapi()

describe('the OpenAPI document', () => {
  it('has the version of the package, like the User-Agent', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    ) as Version
    expect(document.info.version).toBe(version)
  })

  it('as committed; `npm run schemas` writes it', async () => {
    const text = `${JSON.stringify(document, null, 2)}\n`
    await expect(text).toMatchFileSnapshot('../../../docs/openapi.json')
  })

  it('is valid OpenAPI 3.1, its schemas valid JSON Schema', async () => {
    const validator = new Validator()
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
    const ajv = new Ajv2020()
    for (const schema of Object.values(document.components.schemas)) ajv.compile(schema)
  })

  it.each([
    ['batch', batchTransport],
    ['stream', streamTransport],
  ] as const)('names every header of a %s request, and each one as it is', async (name, to) => {
    let seen = new Headers()
    const school = 'https://school.example'
    const transport = to({
      url: `${school}/`,
      secret: `whsec_${btoa('a secret of twenty-four b')}`,
      authorization: { origins: [school], value: () => 'Token t0p' },
      fetch: (_, init) => {
        seen = new Headers(init?.headers)
        return Promise.resolve(new Response())
      },
    })
    const parcel = {
      kind: 'snapshot',
      id: 'a-1',
      at: 1,
      contentType: 'application/json',
      body: JSON.stringify({ long: 'x'.repeat(20_000) }),
    } as const
    expect(await transport.deliver(parcel, new AbortController().signal)).toEqual({ kind: 'delivered' })

    const { parameters } = document.webhooks[name].post
    const described = parameters.map((one) => one.name.toLowerCase())
    // OpenAPI has its own places for these two.
    const sent: string[] = []
    seen.forEach((_, name) => sent.push(name))
    expect(sent.sort()).toEqual([...described, 'content-type', 'authorization'].sort())
    const ajv = new Ajv2020()
    for (const { name, schema } of parameters) {
      const validate = ajv.compile(schema)
      expect(validate(seen.get(name)), `${name}: ${seen.get(name)}`).toBe(true)
    }
  })
})
