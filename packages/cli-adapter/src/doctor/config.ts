// learn.json: what teachers write by hand.

import { configOf, type Destinations } from '@learnpack/telemetry-core'
import { readRegular } from '@learnpack/telemetry-transport-file'
import { distance } from 'fastest-levenshtein'
import { receiversProblem } from '../consent/receivers'
import type { Environment } from '../shared/environment'
import { isPrivate } from '../shared/loopback'
import { isObject } from '../shared/objects'
import { finding, type Finding } from './finding'

const EXAMPLE = '"telemetry": { "stream": "https://...", "batch": "https://..." }'
const KEYS = ['stream', 'streaming', 'batch'] as const
/** Letters that may differ in what is taken for a slip. */
const SLIP = 2

type Keyed = Readonly<Record<string, unknown>>

/** @param path of learn.json; undefined where there is none */
export function configFindings(course: string, path: string | undefined): Finding[] {
  if (path === undefined) {
    const message = `${course}: no learn.json in it`
    return [finding('config/missing', 'learn.json', message, 'name the folder that holds learn.json')]
  }
  let text: string
  try {
    text = readRegular(path, { links: true })
      .toString('utf8')
      .replace(/^\uFEFF/, '')
  } catch (error) {
    const message = `${path}: cannot be read (${(error as Error).message})`
    return [finding('config/unreadable', 'learn.json', message, 'make it a file that can be read')]
  }
  try {
    return learnJsonFindings(path, JSON.parse(text))
  } catch (error) {
    const reason = `${(error as Error).message}${placeOf(error as Error, text)}`
    const advice = 'correct it there: look for a comma, a quote or a bracket too many or too few'
    return [finding('config/not-json', 'learn.json', `${path}: is not JSON: ${reason}`, advice)]
  }
}

/** What the user decided about receivers. */
export function receiversFindings(env: Environment): Finding[] {
  const problem = receiversProblem(env)
  if (problem === undefined) return []
  const advice = 'correct it there, or delete it: without it no receiver but LearnPack gets a token'
  return [finding('config/receivers', 'receivers.json', problem, advice)]
}

/** Where JSON.parse stumbled, when it says so. */
function placeOf({ message }: Error, text: string): string {
  if (/\bline \d/.test(message)) return ''
  const ends = /end of JSON/.test(message) ? text.length : undefined
  const position = /position (\d+)/.exec(message)?.[1] ?? ends
  if (position === undefined) return ''
  const before = text.slice(0, Number(position)).split('\n')
  return ` (line ${before.length} column ${(before.at(-1) as string).length + 1})`
}

function learnJsonFindings(path: string, learnJson: unknown): Finding[] {
  if (!isObject(learnJson)) {
    return [
      finding('config/not-object', 'learn.json', `${path}: is not an object`, `begin with { ${EXAMPLE} }`),
    ]
  }
  const { telemetry } = learnJson
  if (telemetry === undefined || telemetry === null) return withoutTelemetry(path, learnJson)
  const { destinations, problems } = configOf(learnJson, path)
  if (!isObject(telemetry)) {
    const message = problems.join('; ')
    return [finding('config/telemetry-not-object', 'telemetry', message, `write ${EXAMPLE}`)]
  }
  const found = [
    ...KEYS.flatMap((key) => valueFindings(key, telemetry[key], path)),
    ...aliasFindings(telemetry, path),
    ...keyFindings(telemetry, path),
    ...Object.entries(destinations).flatMap(([key, url]) => urlFindings(`telemetry.${key}`, url)),
  ]
  return [...found, ...completeness(destinations, path, found)]
}

function withoutTelemetry(path: string, learnJson: Keyed): Finding[] {
  const found = Object.keys(learnJson).flatMap((key) => {
    const subject = `${path}: ${JSON.stringify(key)}`
    if (distance(key.toLowerCase(), 'telemetry') <= SLIP) {
      const message = `${subject} is not read; did you mean "telemetry"?`
      return [finding('config/misspelt', key, message, 'rename it to "telemetry"')]
    }
    if (!(KEYS as readonly string[]).includes(key)) return []
    const message = `${subject} is not read here, only inside "telemetry"`
    return [finding('config/misplaced', key, message, `write ${EXAMPLE}`)]
  })
  const message = `${path}: names no destination, so everything stays on this machine`
  return found.length > 0 ? found : [finding('config/no-destination', 'learn.json', message)]
}

const isUrl = (key: (typeof KEYS)[number], value: unknown): boolean =>
  value !== undefined && configOf({ telemetry: { [key]: value } }).problems.length === 0

function valueFindings(key: (typeof KEYS)[number], value: unknown, path: string): Finding[] {
  if (value === undefined || isUrl(key, value)) return []
  const [message = ''] = configOf({ telemetry: { [key]: value } }, path).problems
  const subject = `telemetry.${key}`
  if (typeof value === 'string' && /^([\w+.-]+:)?(\/\/)?[^/?#]*@/.test(value)) {
    const advice = 'take the name and password out of the URL, and change the password: others have seen it'
    return [finding('config/credentials', subject, message, advice)]
  }
  if (typeof value === 'string' && /^[\w-]+(\.[\w-]+)*(:\d+)?\/|^[\w-]+(\.[\w-]+)+(:\d+)?$/.test(value)) {
    const advice = `write ${JSON.stringify(`https://${value}`)}`
    return [finding('config/no-scheme', subject, message, advice)]
  }
  return [finding('config/no-url', subject, message, `write ${EXAMPLE}`)]
}

function aliasFindings({ stream, streaming }: Keyed, path: string): Finding[] {
  if (!isUrl('stream', stream) || !isUrl('streaming', streaming) || stream === streaming) return []
  const message = `${path}: telemetry.streaming: ${JSON.stringify(streaming)} differs from telemetry.stream ${JSON.stringify(stream)}, which is used`
  return [finding('config/streaming-differs', 'telemetry.streaming', message, 'remove one of the two')]
}

function keyFindings(telemetry: Keyed, path: string): Finding[] {
  const unknown = Object.keys(telemetry).filter((key) => !(KEYS as readonly string[]).includes(key))
  return unknown.map((key) => {
    const subject = `telemetry.${key}`
    const meant = KEYS.map((known) => [known, distance(bare(key), known)] as const).sort(
      ([, a], [, b]) => a - b,
    )[0]
    if (meant === undefined || meant[1] > SLIP) {
      return finding('config/unused-key', subject, `${path}: ${JSON.stringify(key)} means nothing here`)
    }
    const message = `${path}: ${JSON.stringify(key)} is not read; did you mean "${meant[0]}"?`
    return finding('config/misspelt', subject, message, `rename it to "${meant[0]}"`)
  })
}

/** `batchUrl`, `batch_url` and `BATCH` all mean `batch`. */
const bare = (key: string): string =>
  key
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/(url|uri|endpoint)$/, '')

function completeness({ stream, batch }: Destinations, path: string, found: readonly Finding[]): Finding[] {
  if (stream !== undefined && batch !== undefined) {
    const message = `${path}: both destinations are named`
    return found.some(({ level }) => level !== 'ok') ? [] : [finding('config/both', 'learn.json', message)]
  }
  // What is there and wrong was named already.
  if (found.some(({ level }) => level === 'error')) return []
  if (stream === undefined && batch === undefined) {
    const message = `${path}: telemetry names no destination, so everything stays on this machine`
    return found.length > 0 ? [] : [finding('config/no-destination', 'learn.json', message)]
  }
  const [there, missing] = batch === undefined ? ['stream', 'batch'] : ['batch', 'stream']
  const message = `${path}: telemetry.${missing} is missing; telemetry.${there} alone works`
  return [finding('config/one-url', 'learn.json', message, `add telemetry.${missing}`)]
}

function urlFindings(key: string, text: string): Finding[] {
  const url = new URL(text)
  const { hostname, searchParams } = url
  const found: Finding[] = []
  if (!isPrivate(url)) {
    const message = `${text} is not encrypted: anyone on the network path can read it`
    found.push(finding('config/http', key, message, 'use https://'))
  }
  const asset = searchParams.get('asset_id')
  if (asset !== null && !/^\d+$/.test(asset)) {
    const message = `asset_id ${JSON.stringify(asset)} is not an integer`
    found.push(finding('config/asset-id', key, message, 'give the number of the asset'))
  }
  if (asset === null && key === 'telemetry.batch' && isApiv2(hostname)) {
    const message = `${text} has no asset_id; 4Geeks' registry expects one`
    found.push(finding('config/no-asset-id', key, message, 'add ?asset_id= and the number of the asset'))
  }
  return found
}

/** 4Geeks' own installations of apiv2. */
const isApiv2 = (hostname: string): boolean =>
  /(^|\.)4geeks\.com$|^breathecode(-test)?\.herokuapp\.com$/.test(hostname)
