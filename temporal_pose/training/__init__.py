"""The one LightningModule, fitting, and run folders."""
