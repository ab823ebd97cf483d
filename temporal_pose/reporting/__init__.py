"""What people look at: tables, figures and pages, of finished runs and of refined files."""
