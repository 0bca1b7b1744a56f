/** How Monaco finds the workers that check and complete what is typed. */
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const file =
      label === 'json' ? WORKER_FILES.json : label === 'graphql' ? WORKER_FILES.graphql : WORKER_FILES.editor;
    return new Worker(new URL(file, import.meta.url), { type: 'module', name: label });
  },
};
