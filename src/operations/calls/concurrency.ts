import { findSettledWorkspace, type Operation } from '../operation.js';

/** Documented: how many more calls may be bought, and how many there are to begin with. */
const maxPurchasable = 980;

export const getConcurrency: Operation<'getConcurrency'> = async (services, caller) => {
  const workspace = await findSettledWorkspace(services, caller);
  const { store, workspaces } = services;
  const { calls: settings } = workspace?.settings ?? workspaces.defaultSettings;
  const limit = settings.concurrencyLimit;
  const base = Math.min(limit, 20);
  const purchased = limit - base;
  const purchasable = Math.max(maxPurchasable, purchased);
  return {
    current_concurrency: workspace === undefined ? 0 : store.calls.countUnderWay(workspace.id),
    concurrency_limit: limit,
    base_concurrency: base,
    purchased_concurrency: purchased,
    concurrency_purchase_limit: purchasable,
    remaining_purchase_limit: purchasable - purchased,
    concurrency_burst_enabled: false,
    concurrency_burst_limit: 0,
    reserved_inbound_concurrency: 0,
  };
};
