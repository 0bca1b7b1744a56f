import type { Database } from '#core/database/database';
import { perRequest, type RequestContext } from '#core/request-context';
import type { AttachmentLinks } from './attachment/attachment-link.ts';
import { type ConversationLoaders, createLoaders } from './conversation.loaders.ts';
import { ConversationPresenter } from './conversation.presenter.ts';

/** What one request, or one event of a subscription, shares. */
export type RequestScope = (context: RequestContext) => {
  loaders: ConversationLoaders;
  presenter: ConversationPresenter;
};

export const createRequestScope = (database: Database, links: AttachmentLinks): RequestScope =>
  perRequest(({ viewer }) => {
    const loaders = createLoaders(database);
    return { loaders, presenter: new ConversationPresenter(loaders, links, viewer?.userId ?? null) };
  });
