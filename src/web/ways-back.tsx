/** A server that is set apart: why, what it alone has, and the commands that bring it back. Which of them is for a person to say. */
import type { ApartView } from './overview.js';

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
  return (
    <div className="ways-back">
      <p>
        {apart.reason}
        {apart.gtids === '' ? '' : ': '}
        {apart.gtids === '' ? null : <code>{apart.gtids}</code>}
      </p>
      {apart.state === 'apart' ? (
        <ul>
          {WAYS.map(([name, about]) => (
            <li key={name}>
              <code>{`orchestrator-client -c ${name} -i ${address}`}</code>
              <span>{about}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
