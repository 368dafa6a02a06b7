// A program as it is shipped, loaded once for every process that runs it, with a world of its own: files, time, chance and network
// are those of the simulation. Nothing of the real machine is within its reach but what computes.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { compileFunction } from 'node:vm'

/** Names that a program finds around it, and what they are to it. */
export type Globals = Readonly<Record<string, unknown>>

/** What CommonJS gives every file. */
const AROUND = ['require', 'module', 'exports', '__filename', '__dirname']

type Load = (globals: Globals, require: (name: string) => unknown) => unknown

const compiled = new Map<string, Load>()

/**
 * @param path of a CommonJS file
 * @param change what is changed in its text, to see what comes of it. Default: nothing
 */
export function programAt(path: string, change: (text: string) => string = asShipped): Load {
  const known = compiled.get(path)
  if (known !== undefined && change === asShipped) return known
  const text = change(readFileSync(path, 'utf8'))
  // A real import takes as long as it takes; everything here is over when virtual time says so.
  const code = text.replaceAll('await import("', 'require("').replace(/^#!.*/, '')
  let run: ((...given: unknown[]) => void) | undefined
  const load: Load = (globals, requireOurs) => {
    run ??= compileFunction(code, [...AROUND, ...Object.keys(globals)], { filename: path }) as (
      ...given: unknown[]
    ) => void
    const module = { exports: {} }
    run(requireOurs, module, module.exports, path, dirname(path), ...Object.values(globals))
    return module.exports
  }
  compiled.set(path, load)
  return load
}

const asShipped = (text: string): string => text

/** What only computes is Node's and npm's own. */
export const realModules = (path: string): NodeJS.Require => createRequire(path)
