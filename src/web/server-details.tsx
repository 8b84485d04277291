/** All that the page knows of the server that was clicked. */
import { inPath } from './asked.js';
import type { ServerView } from './overview.js';
import { Plan } from './plan.js';
import { WaysBack } from './ways-back.js';
import { ageText, stateText } from './words.js';

/** `primary`: the address of its cluster's. */
export function ServerDetails(props: { server: ServerView; primary: string; onClose: () => void }) {
  const { server, primary, onClose } = props;
  const facts: [string, string][] = [
    ['State', stateText(server)],
    ['Version', server.version],
    ['Writable', server.writable ? 'yes' : 'no'],
    ['Last seen', server.lastSeenAgeMs === null ? 'never by this node' : `${ageText(server.lastSeenAgeMs)} ago`],
    ['Executed GTIDs', server.executedGtids === '' ? 'none' : server.executedGtids],
    ['server_uuid', server.id],
  ];
  if (server.downtime !== null) facts.push(['Downtime', server.downtime.reason]);
  if (server.lastError !== null) facts.push(['Last error', server.lastError]);
  return (
    <section className="details">
      <button type="button" aria-label="Close" onClick={onClose}>
        ×
      </button>
      <h2>{server.address}</h2>
      {server.apart === null ? null : <WaysBack address={server.address} apart={server.apart} />}
      {server.role === 'replica' && (
        <Plan
          summary="What a planned takeover by it would do"
          url={`api/v1/plan/graceful-master-takeover-auto/${inPath(primary)}/${inPath(server.address)}`}
          command={`orchestrator-client -c graceful-master-takeover-auto -i ${primary} -d ${server.address}`}
        />
      )}
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
