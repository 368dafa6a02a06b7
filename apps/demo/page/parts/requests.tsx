import { useMemo, useState } from 'react'
import type { SeenRequest } from '../lab/receiver'
import { countInWords } from '../model/words'
import { Omitted } from './omitted'

interface Props {
  /** Requests so far, and the latest of them. */
  readonly made: number
  readonly requests: readonly SeenRequest[]
}

/** The requests of one round: in the next their numbers begin again. */
export function Requests({ made, requests }: Props) {
  const [chosen, choose] = useState<number>()
  const request = requests.find(({ number }) => number === chosen)
  return (
    <div>
      <h3>{countInWords(made, 'request')}</h3>
      <div className="scrolls requests" tabIndex={0} role="region" aria-label="Requests" data-scrolls>
        <table>
          <thead>
            <tr>
              <th scope="col">request</th>
              <th scope="col">answer</th>
              <th scope="col">of</th>
            </tr>
          </thead>
          <tbody>
            {requests.toReversed().map((one) => (
              <tr key={one.number} className={one.number === chosen ? 'chosen' : undefined}>
                <td>
                  <button type="button" className="fold" onClick={() => choose(one.number)}>
                    {one.number} {one.kind}
                  </button>
                </td>
                <td className={one.answer === undefined ? 'pending' : one.ok ? 'good' : 'bad'}>
                  {one.answer ?? '…'}
                  {one.known && ' (known, dropped)'}
                </td>
                <td className="id">{one.id}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {request !== undefined && <RequestDetails {...request} />}
    </div>
  )
}

/** Characters of a body that are laid out. */
const BODY = 20_000

function RequestDetails({ method, url, headers, body }: SeenRequest) {
  const pretty = useMemo(() => JSON.stringify(JSON.parse(body), null, 2), [body])
  return (
    <pre className="code" tabIndex={0} role="region" aria-label="The request" data-scrolls>
      {`${method} ${url}\n`}
      {headers.map(([name, value]) => `${name}: ${value}\n`)}
      {`\n${pretty.slice(0, BODY)}`}
      <Omitted of={pretty} shown={BODY} />
    </pre>
  )
}
