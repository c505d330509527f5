export { engineContract, type EngineUnderTest } from './engine-contract.js';
export { storeContract, type StoreUnderTest } from './store-contract.js';
