"""What is kept: tables, migrations, one unit of work, read models and files."""
