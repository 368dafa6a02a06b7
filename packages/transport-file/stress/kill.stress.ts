// `npm run stress:kill`: many more kills than the tests have time for. ROUNDS and SEED may be given.

import { expect, it } from 'vitest'
import { killRounds } from '../test/kill'

const rounds = Number(process.env['ROUNDS'] ?? 1_000)
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

it(`${rounds} x kill -9, seed ${seed}`, async () => {
  console.log(`SEED=${seed} ROUNDS=${rounds}`)
  const report = await killRounds(rounds, seed, (done) => {
    if (done % 50 === 0) console.log(`${done}/${rounds}`)
  })
  const { missing, ...counts } = report
  console.log(JSON.stringify({ ...counts, missing: missing.length }))
  expect(report).toMatchObject({ rounds, missing: [], unparsable: 0 })
})
