// Tries to take the lease of every course folder it is told of, and says whether it holds it.
import { openCourseFolder } from '../../dist/index.js'

const leases = new Map()
process.on('message', ({ acquire }) => {
  if (!leases.has(acquire)) leases.set(acquire, openCourseFolder(acquire).lease)
  process.send(leases.get(acquire).acquire() !== undefined)
})
