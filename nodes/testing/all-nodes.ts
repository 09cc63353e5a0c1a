import type { RedApi } from '../lib/red.ts';
import seqeraConfig from '../seqera-config/seqera-config.ts';
import workflowLaunch from '../seqera-workflow-launch/seqera-workflow-launch.ts';
import workflowMonitor from '../seqera-workflow-monitor/seqera-workflow-monitor.ts';

/** Every node of the pack, by type; the contract test compares it with the package. */
export const ALL_NODES: Record<string, (RED: RedApi) => void> = {
  'seqera-config': seqeraConfig,
  'seqera-workflow-launch': workflowLaunch,
  'seqera-workflow-monitor': workflowMonitor,
};
