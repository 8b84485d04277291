/** A plan, shown before anything is done: its steps with the point of no return, or every reason why it would not be begun. */
import { useState } from 'react';
import { type Asked, useAsked } from './asked.js';
import type { PlanView, RefusalView } from './overview.js';

/** `command`: what does it; '' where it comes by itself. */
export function Plan(props: { summary: string; url: string; command: string }) {
  const { summary, url, command } = props;
  const [open, setOpen] = useState(false);
  const asked = useAsked<PlanView>(open ? url : null);
  return (
    <details
      className="plan"
      open={open}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{summary}</summary>
      {command !== '' && <code>{command}</code>}
      <PlanBody asked={asked} />
    </details>
  );
}

function PlanBody({ asked }: { asked: Asked<PlanView> }) {
  if (asked.kind === 'asking') return <p className="note">Asking…</p>;
  if (asked.kind === 'failed') return <p className="restraint">{asked.error}</p>;
  const { wouldRun, refusals, warnings = [], steps, lost, hooks, successor } = asked.value;
  return (
    <div data-would-run={wouldRun}>
      <Refusals refusals={refusals} />
      {warnings.map(({ code, message, mend }) => (
        <p key={code} className="note">
          Beware: {message}. {mend}
        </p>
      ))}
      {successor !== null && (
        <p>
          New primary: {successor.name}, because {successor.because}
        </p>
      )}
      <ol>
        {steps.map((step) => (
          <li key={step.number} className={step.isPointOfNoReturn ? 'no-return' : ''}>
            {step.text}
            {step.isPointOfNoReturn && <span className="note"> until here it is undone if something fails</span>}
          </li>
        ))}
      </ol>
      {lost.map((one) => (
        <p key={one.server} className="restraint">
          {one.name} would be left behind: {one.reason}
        </p>
      ))}
      {hooks.length > 0 && <p className="note">Hooks: {hooks.join(', ')}</p>}
    </div>
  );
}

export function Refusals({ refusals }: { refusals: readonly RefusalView[] }) {
  if (refusals.length === 0) return null;
  return (
    <ul className="refusals">
      {refusals.map(({ code, message, mend }) => (
        <li key={`${code}${message}`}>
          Not now: {message}
          {mend !== '' && <span>To mend it: {mend}</span>}
        </li>
      ))}
    </ul>
  );
}
