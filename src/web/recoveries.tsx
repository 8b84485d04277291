/** Recoveries, the newest open in full: each step with its server, how long it took, and what came of it. */
import { useShownHost } from './host-names.js';
import type { RecoveryView, StepView } from './overview.js';
import { clockText, durationText, recoveryTitle, stepText } from './words.js';

export function Recoveries(props: { recoveries: readonly RecoveryView[]; clusterId: string | null; now: number }) {
  const shown = useShownHost();
  const mine = props.recoveries.filter((recovery) => recovery.clusterId === props.clusterId);
  return (
    <section className="recoveries">
      <h2>Recoveries</h2>
      {mine.length === 0 && <p className="none">None in this cluster.</p>}
      {mine.map((recovery, at) => (
        <details
          key={recovery.id}
          open={at === 0}
          data-kind={recovery.kind}
          data-verdict={recovery.verdict?.kind ?? 'open'}
        >
          <summary>
            <span className={`dot ${colourOf(recovery)}`} />
            <span>
              {recoveryTitle(recovery.kind)}: {shown(recovery.failed)}
              {recovery.successor !== null && ` → ${shown(recovery.successor)}`}
            </span>
            <time>{clockText(recovery.openedAtMs)}</time>
          </summary>
          <p>
            {recovery.code}. {verdictText(recovery, props.now)}
          </p>
          <ol>
            {recovery.steps.map((step) => (
              <Step key={step.number} step={step} />
            ))}
          </ol>
          {recovery.lost.map((lost) => (
            <p key={lost.address} className="restraint">
              {shown(lost.address)} did not follow: {lost.reason}
            </p>
          ))}
        </details>
      ))}
    </section>
  );
}

function Step(props: { step: StepView }) {
  const { step } = props;
  const shown = useShownHost();
  const state = step.ok === null ? 'running' : step.ok ? 'done' : 'failed';
  return (
    <li className={state}>
      <span className="what">{stepText(step)}</span>
      <span className="took">
        {step.finishedAtMs === null ? '' : durationText(step.intendedAtMs, step.finishedAtMs)}
      </span>
      <span className="on">{shown(step.server)}</span>
      {step.ok !== true && step.detail !== '' && <p>{step.detail}</p>}
    </li>
  );
}

function colourOf(recovery: RecoveryView): string {
  if (recovery.verdict === null) return 'warning';
  return recovery.verdict.kind === 'succeeded' ? 'good' : 'bad';
}

function verdictText(recovery: RecoveryView, now: number): string {
  const { headway } = recovery;
  const moved = headway === null ? '' : `, ${String(headway.arrived)} of ${String(headway.of)} moved`;
  if (recovery.verdict === null || recovery.closedAtMs === null)
    return `Under way for ${durationText(recovery.openedAtMs, now)}${moved}.`;
  const took = `after ${durationText(recovery.openedAtMs, recovery.closedAtMs)}${moved}`;
  return recovery.verdict.kind === 'succeeded'
    ? `Succeeded ${took}.`
    : `Ended ${took}, ${recovery.verdict.kind}: ${recovery.verdict.reason}`;
}
