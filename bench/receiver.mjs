// A receiver in a process of its own, as bad as its argument says. Says its URL on standard output.
//
// receiver.mjs <one of ways.mjs>

import { createServer } from 'node:http'
import { ways } from './ways.mjs'

const answer = ways[process.argv[2]]
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => answer(request, response))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.on('disconnect', () => process.exit(0))
