@server @cashouts
Feature: Cashouts can be called only from whitelisted addresses

  @CASH-SEC-04 @CASH-IP-01 @must
  Rule: only whitelisted addresses reach the API

    Scenario Outline: a <request> request from an address that is not whitelisted
      Given a <request> request that the server accepts
      When only it is sent from an address that is not whitelisted
      Then it is refused because of its address

      Examples:
        | request        |
        | cashout        |
        | cashout status |
        | cashout cancel |

    Scenario: an address that claims to be another
      Given a cashout request that the server accepts
      When only it is sent from an address that is not whitelisted, with our own in X-Forwarded-For
      Then it is refused because of its address

    @alone
    Scenario: an address that is whitelisted, and no more
      Given a cashout request that the server accepts
      When another address is whitelisted for cashouts
      Then it is accepted from there
      And refused from there once it is taken off the list

  @PANEL-07 @must
  Rule: cashouts have a whitelist of their own

    @alone
    Scenario: an address that is whitelisted for deposits
      Given a cashout request that the server accepts
      When another address is whitelisted for deposits
      Then it is refused from there
