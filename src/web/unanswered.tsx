/** Addresses that were to be probed and never answered: a mistyped seed or a wrong password must not be an empty page. */
import type { Overview } from './overview.js';

export function Unanswered(props: { addresses: Overview['unanswered'] }) {
  if (props.addresses.length === 0) return null;
  return (
    <section className="unanswered">
      <h2>Not answering yet</h2>
      <ul>
        {props.addresses.map(({ address, origin, lastError }) => (
          <li key={address}>
            {address} <span className="note">({origin})</span>
            {lastError !== null && <p className="restraint">{lastError}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
