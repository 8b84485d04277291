/** A server that is set apart: why, what it alone has, and the commands that bring it back. Which of them is for a person to say. */
import { inPath, useAsked } from './asked.js';
import type { ApartView, WaysBackView } from './overview.js';
import { Refusals } from './plan.js';

const WAYS: readonly (readonly [name: string, about: string])[] = [
  ['inject-empty', 'empty transactions stand on the primary for those that it alone has; what they changed stays here'],
  ['rebuild', 'all its data is replaced by a copy of another server (CLONE)'],
  [
    'reset',
    'its binary logs are copied to the leader, then it forgets what it alone has; what that changed stays here',
  ],
];

/** A way back is for one that was looked at; one that is away or not fenced yet is waited for. */
export function WaysBack(props: { address: string; apart: ApartView }) {
  const { address, apart } = props;
  const isApart = apart.state === 'apart';
  const asked = useAsked<WaysBackView>(isApart ? `api/v1/ways-back/${inPath(address)}` : null);
  const shown = asked.kind === 'there' ? asked.value : null;
  return (
    <div className="ways-back">
      <p>
        {apart.reason}
        {apart.gtids === '' ? '' : ': '}
        {apart.gtids === '' ? null : <code>{apart.gtids}</code>}
      </p>
      {shown?.underWay != null && <p>{shown.underWay.way} is under way: see its recovery</p>}
      {isApart ? (
        <ul>
          {WAYS.map(([name, about]) => {
            const plan = shown?.ways.find(({ way }) => way === name);
            return (
              <li key={name} data-way={name}>
                <code>{`orchestrator-client -c ${name} -i ${address}`}</code>
                <span>{about}</span>
                {plan === undefined ? null : <Refusals refusals={plan.refusals} />}
                {plan === undefined || plan.steps.length === 0 ? null : (
                  <details>
                    <summary>What it would do</summary>
                    <ol>
                      {plan.steps.map((step) => (
                        <li key={step}>{step}</li>
                      ))}
                    </ol>
                  </details>
                )}
              </li>
            );
          })}
        </ul>
      ) : null}
    </div>
  );
}
