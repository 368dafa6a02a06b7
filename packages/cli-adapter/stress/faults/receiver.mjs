// A receiver of batches and streams on this machine: keeps every request, and answers what it is told to.

import { createServer } from 'node:http'

export async function openReceiver() {
  let requests = []
  let answers = [200]
  let answered = 0
  const sockets = new Set()

  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const status = answers[answered++ % answers.length]
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      requests.push({ path: request.url, id: request.headers['webhook-id'], status, body })
      response.writeHead(status).end()
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${server.address().port}`

  return {
    urls: { batch: `${origin}/batch`, stream: `${origin}/stream` },
    /** Every request since the last `restart`, those that were kept included. */
    get requests() {
      return requests
    },
    /** @param before requests that are to be remembered */
    restart(before = []) {
      requests = [...before]
    },
    /** Answers in turn. */
    answer(given) {
      answers = given
      answered = 0
    },
    /** What a process that is gone sent last has been read. */
    async quiet() {
      for (const socket of sockets)
        await new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', resolve)))
    },
    close: () => server.close(),
  }
}
