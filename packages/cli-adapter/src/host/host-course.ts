// The host's exercise index as the course of a session.

import { basename, dirname, resolve } from 'node:path'
import type { Urls } from './manager-api'

/** What LearnPack calls its config object, as far as it concerns us. It also lies in `<dirPath>/config.json`. */
export interface ConfigObject {
  readonly config?: {
    /** Of the course. Default: the name of the folder that `dirPath` is in. */
    readonly slug?: unknown
    /** Where the record is kept; relative to the working directory. Default: `.learn`. */
    readonly dirPath?: unknown
    /** Path of learn.json. */
    readonly configPath?: unknown
    readonly editor?: { readonly agent?: unknown }
    /** As in learn.json (SPEC §5): `stream` and `batch`. */
    readonly telemetry?: unknown
  }
  /** The steps, in the order of the course. */
  readonly exercises?: readonly Exercise[]
}

/** A step as LearnPack's config object lists it. */
export interface Exercise {
  /** Its identity (SPEC §3). */
  readonly slug: string
  /** From 0. */
  readonly position: number
  /** `{ path, name, hidden }` each; anything but a list counts as an empty one. */
  readonly files?: unknown
  /** `true` where it has tests. */
  readonly graded?: unknown
}

export interface HostCourse {
  readonly slug: string
  readonly agent: string
  readonly dirPath: string
  readonly urls: Urls
  readonly steps: readonly {
    slug: string
    position: number
    files: readonly unknown[]
    is_testeable: boolean
  }[]
}

/** @param cwd what a relative `dirPath` is relative to */
export function courseOf({ config = {}, exercises = [] }: ConfigObject, cwd = process.cwd()): HostCourse {
  const text = (value: unknown, otherwise: string): string =>
    typeof value === 'string' && value !== '' ? value : otherwise
  const dirPath = resolve(cwd, text(config.dirPath, '.learn'))
  return {
    slug: text(config.slug, basename(dirname(dirPath))),
    agent: text(config.editor?.agent, ''),
    dirPath,
    urls: (config.telemetry ?? {}) as Urls,
    steps: exercises.filter(Boolean).map(({ slug, position, files, graded }) => ({
      slug,
      position,
      files: Array.isArray(files) ? files : [],
      is_testeable: graded === true,
    })),
  }
}

/** The step a request opens: `GET /exercise/<slug>` is how the editor asks for one (SPEC §9). */
export function openedBy(
  request: { readonly method?: string | undefined; readonly url?: string | undefined },
  steps: readonly { slug: string; position: number }[],
): number | undefined {
  const encoded =
    request.method === 'GET' && /^\/exercise\/([^/?#]+)\/?(?:[?#]|$)/i.exec(request.url ?? '')?.[1]
  if (!encoded) return undefined
  const slug = decoded(encoded)
  return steps.find((step) => step.slug === slug)?.position
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
