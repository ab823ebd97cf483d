"""The LightningModules (windows, single images, autoencoders), fitting, testing, checkpoints."""
