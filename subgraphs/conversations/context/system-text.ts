/** The instructions of a call, put together from sections; those that say nothing are left out. */
export const systemText = (sections: readonly (string | null)[]): string =>
  sections.filter((section) => section !== null && section.trim() !== '').join('\n\n');

/** How an agent is told who is who, where several others speak. */
export const speakersSection = (name: string): string =>
  `You are ${name}. Several take part in this conversation: each message of somebody else begins with the name of its author, and "(agent)" behind the name marks another agent. What you said yourself has no name before it; do not put one before your answer.`;
