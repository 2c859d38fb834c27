#!/bin/sh
# Runs once, when the server's data folder is made: one database for each service, owned by a role without more rights.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$GUANXI_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
create role guanxi login password :'password';
create database guanxi_customer owner guanxi;
create database guanxi_interaction owner guanxi;
create database guanxi_complaint owner guanxi;
create database guanxi_scoring owner guanxi;
create database guanxi_vault owner guanxi;
SQL
