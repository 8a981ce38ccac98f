/// <reference types="svelte" />
/// <reference types="vite/client" />

/** True in the build that runs in a browser against the core over loopback. */
declare const __BRIDGE__: boolean;
