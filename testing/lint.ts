// What ESLint says of code that nobody wrote: a rule is seen to refuse what it should.

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const eslint = new ESLint({ cwd: root })

/** @param file where the code would stand, from the root of the repository */
export async function rulesBrokenBy(code: string, file: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: `${root}${file}` })
  return (result?.messages ?? []).map(({ ruleId }) => ruleId)
}

type Arrows = readonly (readonly [folder: string, what: string])[]

/** Tests of LAYERS in eslint.config.js. @param name of the package's folder */
export function describeLayers(
  name: string,
  { forbidden, allowed }: Record<'forbidden' | 'allowed', Arrows>,
) {
  const src = `packages/${name}/src`
  const folders = readdirSync(`${root}${src}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  const broken = (folder: string, what: string) =>
    rulesBrokenBy(`import { x } from '${what}'\nexport { x }`, `${src}/${folder}/broken.ts`)

  describe(`the folders of ${name}`, () => {
    it.each(forbidden)('%s may not import %s', async (folder, what) => {
      expect(await broken(folder, what)).toEqual(['no-restricted-imports'])
    })

    it.each(allowed)('%s may import %s', async (folder, what) => {
      expect(await broken(folder, what)).toEqual([])
    })

    it.each(folders)('%s is one that has its rule', async (folder) => {
      expect(await broken(folder, '../nowhere/x')).toEqual(['no-restricted-imports'])
    })

    it('have no circle in what they may import', async () => {
      const below = new Map<string, string[]>()
      for (const folder of folders) {
        const others = folders.filter((one) => one !== folder)
        const answers = await Promise.all(others.map((other) => broken(folder, `../${other}/x`)))
        below.set(
          folder,
          others.filter((_, index) => answers[index]?.length === 0),
        )
      }
      const isBottom = ([, under]: [string, string[]]): boolean => under.every((one) => !below.has(one))
      for (let bottom; (bottom = [...below].find(isBottom));) below.delete(bottom[0])
      expect([...below.keys()]).toEqual([])
    })
  })
}
