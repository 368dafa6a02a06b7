// What users depend on cannot be changed any more without them: so it is little, and types count as well.

import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const MOST = 70
const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))

function exportedNames(): string[] {
  const { options } = ts.convertCompilerOptionsFromJson(
    { module: 'esnext', moduleResolution: 'bundler', noLib: true, types: [] },
    '',
  )
  const program = ts.createProgram([index], options)
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(index)
  const module = file && checker.getSymbolAtLocation(file)
  return module === undefined ? [] : checker.getExportsOfModule(module).map(({ name }) => name)
}

it(`exports at most ${MOST} names from the index of core, types included`, () => {
  const names = exportedNames()
  expect(names).toEqual(expect.arrayContaining(['createTelemetry', 'Transport', 'Storage']))
  const advice = `${names.length} names, at most ${MOST} are allowed. Let one go for each that is new: what only tests use they import from \`../src/...\`; what one package uses may live there; a type that is only a parameter's or a result's can be inferred, and \`@inline\` keeps it in docs/api`
  expect(names.length, advice).toBeLessThanOrEqual(MOST)
})
