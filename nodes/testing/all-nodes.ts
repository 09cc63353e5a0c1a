import type { RedApi } from '../lib/red.ts';
import webhookIn from '../redstart-webhook-in/redstart-webhook-in.ts';
import actionLaunch from '../seqera-action-launch/seqera-action-launch.ts';
import api from '../seqera-api/seqera-api.ts';
import seqeraConfig from '../seqera-config/seqera-config.ts';
import datalinkList from '../seqera-datalink-list/seqera-datalink-list.ts';
import datalinkPoll from '../seqera-datalink-poll/seqera-datalink-poll.ts';
import datasetAdd from '../seqera-dataset-add/seqera-dataset-add.ts';
import datasetGet from '../seqera-dataset-get/seqera-dataset-get.ts';
import studiosAdd from '../seqera-studios-add/seqera-studios-add.ts';
import studiosControl from '../seqera-studios-control/seqera-studios-control.ts';
import studiosMonitor from '../seqera-studios-monitor/seqera-studios-monitor.ts';
import workflowCancel from '../seqera-workflow-cancel/seqera-workflow-cancel.ts';
import workflowLaunch from '../seqera-workflow-launch/seqera-workflow-launch.ts';
import workflowMonitor from '../seqera-workflow-monitor/seqera-workflow-monitor.ts';
import workflowPoll from '../seqera-workflow-poll/seqera-workflow-poll.ts';

/** Every node of the pack, by type; the contract test compares it with the package. */
export const ALL_NODES: Record<string, (RED: RedApi) => void> = {
  'redstart-webhook-in': webhookIn,
  'seqera-config': seqeraConfig,
  'seqera-datalink-list': datalinkList,
  'seqera-datalink-poll': datalinkPoll,
  'seqera-dataset-add': datasetAdd,
  'seqera-dataset-get': datasetGet,
  'seqera-workflow-launch': workflowLaunch,
  'seqera-workflow-monitor': workflowMonitor,
  'seqera-action-launch': actionLaunch,
  'seqera-api': api,
  'seqera-studios-add': studiosAdd,
  'seqera-studios-control': studiosControl,
  'seqera-studios-monitor': studiosMonitor,
  'seqera-workflow-cancel': workflowCancel,
  'seqera-workflow-poll': workflowPoll,
};

/** They have nothing to do with the Platform: no connection, no calls, no role. */
export const APART: readonly string[] = ['redstart-webhook-in'];
