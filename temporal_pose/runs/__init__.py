"""Run folders: one configuration, one folder, and what became of a sweep's runs."""
