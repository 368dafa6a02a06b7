import { expect, it } from 'vitest'
import { pageDigest, takenOf } from '../scripts/screenshots.mjs'

it('the pictures in docs/images are of the page as it is: if not, `npm run screenshots` takes them again', () => {
  expect(takenOf()).toBe(pageDigest())
})
