@server @cashouts
Feature: Cashouts draw on the balance

  @CASH-BAL-01 @must @alone
  Rule: no cashout goes beyond the balance

    Scenario Outline: a cashout of <amount> on a balance of 100
      Given a balance of 100
      When a cashout of <amount> is requested
      Then it was refused because of the balance
      And no cashout has its external id

      Examples:
        | amount |
        | 100.01 |
        | 1000   |

    Scenario: what is left, and a cent more
      Given a balance of 200
      When a cashout of 100 is requested
      And a cashout of 100.01 is requested
      Then the first was accepted and the last refused because of the balance

    Scenario: what is held is not there
      Given a balance of 100
      When a cashout of 60 is requested and put on hold
      And a cashout of 60 is requested
      Then the first was accepted and the last refused because of the balance

    Scenario Outline: what is <given up> comes back
      Given a balance of 150
      When a cashout of 100 is requested and <given up>
      And a cashout of 100 is requested
      Then all of them were accepted

      Examples:
        | given up  |
        | cancelled |

    Scenario: cashouts at once
      Given a balance of 100
      When 12 cashouts of 30 are requested at once
      Then at most 3 of them were accepted

  @PANEL-09 @must @alone
  Rule: creating and approving a deposit cures insufficient funds

    Scenario: a deposit is created and approved
      Given a balance of 0
      When a cashout of 10 is requested
      And a deposit of 1000 is created and approved
      And a cashout of 10 is requested
      Then the first was refused because of the balance and the last accepted
