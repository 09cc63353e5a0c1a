import type { DataLink } from '../data-links/data-link.ts';
import { dataLinkBody } from '../endpoints/data-links.ts';
import type { User } from '../entities.ts';
import { labelBody } from '../run-bodies.ts';
import { lifespanHours, momentAt, type Session, type Studio, statusAt } from './studio.ts';

const iso = (time: number) => new Date(time).toISOString();
export const userBody = ({ id, userName, email }: User) => ({ id, userName, email });

export const TEMPLATES = [
  { tool: 'jupyter', repository: 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9', status: 'recommended' },
  { tool: 'jupyter', repository: 'public.cr.seqera.io/platform/data-studio-jupyter:4.1.5-0.8', status: 'deprecated' },
  { tool: 'rstudio', repository: 'public.cr.seqera.io/platform/data-studio-ride:2025.04.1-0.9', status: 'recommended' },
  { tool: 'vscode', repository: 'public.cr.seqera.io/platform/data-studio-vscode:1.101.2-0.9', status: 'recommended' },
  { tool: 'xpra', repository: 'public.cr.seqera.io/platform/data-studio-xpra:6.2.0-0.9', status: 'experimental' },
].map((template) => ({ ...template, icon: template.tool }));

const STEPS = ['Provisioning compute', 'Building container', 'Mounting data', 'Starting studio'];

/** What the page of a studio that starts shows. */
function progress(studio: Studio, now: number) {
  const status = statusAt(studio, now);
  if (status === 'stopped' || status === 'stopping') return [];
  const done = status === 'running' ? STEPS.length : status === 'building' || status === 'buildFailed' ? 1 : 0;
  const failed = status === 'errored' || status === 'buildFailed';
  return STEPS.map((message, index) => ({
    status: index < done ? 'succeeded' : index > done ? 'pending' : failed ? 'errored' : 'in-progress',
    message,
    warnings: [],
  }));
}

export function statusInfoBody(studio: Studio, now: number) {
  const { at, status, message, stopReason } = momentAt(studio, now);
  return { status, message, lastUpdate: iso(at), ...(stopReason === null ? {} : { stopReason }) };
}

interface Seen {
  user: User;
  now: number;
  links: readonly DataLink[];
  withLabels: boolean;
}

export function studioBody(studio: Studio, { user, now, links, withLabels }: Seen) {
  const { computeEnv, parentCheckpoint: parent, tool } = studio;
  const template = TEMPLATES.find(({ repository }) => repository === tool);
  const hours = lifespanHours(studio);
  return {
    sessionId: studio.id,
    ...(studio.workspace.id === null ? {} : { workspaceId: studio.workspace.id }),
    name: studio.name,
    description: studio.description,
    user: userBody(user),
    studioUrl: `https://a${studio.id}.connect.example.com`,
    computeEnv: {
      id: computeEnv.id,
      name: computeEnv.name,
      platform: computeEnv.platform,
      ...(computeEnv.region === null ? {} : { region: computeEnv.region }),
      credentialsId: computeEnv.credentialsId,
      workDir: computeEnv.workDir,
    },
    ...(tool === null ? {} : { template: template ?? { repository: tool } }),
    customImage: tool !== null && template === undefined,
    configuration: studio.configuration,
    ...(studio.remoteConfig === null ? {} : { remoteConfig: studio.remoteConfig }),
    isPrivate: studio.isPrivate,
    effectiveLifespanHours: hours,
    mountedDataLinks:
      now < studio.mountedAt ? [] : links.filter(({ id }) => studio.mounts.includes(id)).map(dataLinkBody),
    statusInfo: statusInfoBody(studio, now),
    activeConnections: [],
    progress: progress(studio, now),
    ...(parent
      ? {
          parentCheckpoint: {
            checkpointId: parent.session.checkpointId,
            checkpointName: parent.session.name,
            sessionId: parent.studio.id,
            studioName: parent.studio.name,
          },
        }
      : {}),
    ...(withLabels ? { labels: studio.labels.map(labelBody) } : {}),
    dateCreated: iso(studio.createdAt),
    lastUpdated: iso(momentAt(studio, now).at),
    ...(studio.startedAt === null ? {} : { lastStarted: iso(studio.startedAt) }),
  };
}

export function checkpointBody(studio: Studio, session: Session, user: User, now: number) {
  const over = now >= session.endsAt;
  return {
    id: session.checkpointId,
    name: session.name,
    status: over ? 'finalized' : 'interim',
    path: `${studio.computeEnv.workDir}/.studios/checkpoints/${session.checkpointId}`,
    author: userBody(user),
    dateCreated: iso(session.startedAt),
    dateSaved: iso(Math.min(now, session.endsAt)),
  };
}
