/** What the log says happened, newest first. */
import type { Overview } from './overview.js';
import { clockText } from './words.js';

export function Audit(props: { lines: Overview['audit'] }) {
  return (
    <section className="audit">
      <h2>What happened</h2>
      <ol reversed>
        {props.lines.map((line) => (
          <li key={line.number}>
            <time>{clockText(line.atMs)}</time> {line.text}
          </li>
        ))}
      </ol>
    </section>
  );
}
